# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""k8s_objects writes what differs and nothing else, and shows no value of a Secret."""

from __future__ import annotations

import json

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import k8s_objects, owned_objects
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError
from objects_double import made
from recorder import DRY, OWNER, Recorder, asked, config_map, refused, secret, task


def test_objects_of_several_kinds_are_created_in_their_order():
    cluster = Recorder()
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a", "namespace": "shop"}}
    result = task(cluster, asked(a="1", gone=None), account)
    assert result["changed"] and [one["metadata"]["name"] for one in result["objects"]] == ["settings", "a"]
    assert cluster.changes == ["POST configmaps/settings", "POST serviceaccounts/a"]
    assert cluster.of("POST")[0][3]["data"] == {"a": "1"}


def test_a_second_run_writes_nothing():
    cluster = Recorder()
    task(cluster, asked(a="1"), secret() | {"stringData": {"password": "x"}})
    cluster.requests.clear()
    result = task(cluster, asked(a="1"), secret() | {"stringData": {"password": "x"}})
    assert not result["changed"]
    assert cluster.of("POST", "PATCH", "PUT", "DELETE") == []


def test_what_a_definition_does_not_name_stays_and_what_it_sets_to_null_goes():
    cluster = Recorder(config_map(kept="1", old="2", changed="3"))
    result = task(cluster, asked(old=None, changed="4"), mode=Mode(diff=True))
    assert result["objects"][0]["data"] == {"kept": "1", "changed": "4"}
    (shown,) = result["diff"]
    assert (shown["before"], shown["after"]) == ({"data": {"old": "2", "changed": "3"}}, {"data": {"changed": "4"}})
    ((_method, _path, _words, body),) = cluster.of("PATCH")
    assert body["data"] == {"old": None, "changed": "4"}


class Ending(Recorder):
    """An object whose deletion ends after some questions."""

    def __init__(self, questions):
        ending = config_map(a="1")
        super().__init__(ending | {"metadata": ending["metadata"] | {"deletionTimestamp": "2026-01-01T00:00:00Z"}})
        self.questions = questions

    def answer(self, method, path, words, body):
        if method == "GET" and path.endswith("/settings"):
            self.questions -= 1
            if self.questions == 0:
                self.objects.clear()
        return super().answer(method, path, words, body)


@pytest.mark.parametrize("state", ["present", "created", "patched"])
def test_an_object_that_is_being_deleted_is_created_once_it_is_gone(state, monkeypatch):
    monkeypatch.setattr(owned_objects, "EVERY_SECONDS", 0.01)
    cluster = Ending(questions=3)
    announced = task(Ending(questions=3), asked(a="1"), state=state, mode=DRY)
    assert task(cluster, asked(a="1"), state=state)["changed"] is (state != "patched") is announced["changed"]
    assert cluster.changes == ([] if state == "patched" else ["POST configmaps/settings"])
    with pytest.raises(WorkError, match="ConfigMap monitoring/settings: it is still being deleted after 0.1 s"):
        task(Ending(questions=1000), asked(a="1"), state=state, wait_timeout=0.1)


@pytest.mark.parametrize("mode", [Mode(), DRY])
def test_a_patch_changes_what_exists_and_creates_nothing(mode):
    cluster = Recorder(config_map(a="1"))
    result = task(cluster, asked("absent", a="2"), asked(a="2"), state="patched", mode=mode)
    assert result["changed"] and [one["data"] for one in result["objects"]] == [{"a": "2"}]
    assert cluster.of("POST") == []
    assert not task(Recorder(), asked(a="2"), state="patched", mode=mode)["changed"]


def test_check_mode_asks_the_api_server_and_stores_nothing():
    cluster = Recorder(config_map(a="1"))
    result = task(cluster, asked(a="2"), asked("new", b="3"), mode=DRY)
    assert result["changed"] and [one["data"] for one in result["objects"]] == [{"a": "2"}, {"b": "3"}]
    assert cluster.changes == []
    assert [(method, words) for method, _path, words, _body in cluster.of("PATCH", "POST")] == [
        ("PATCH", {"dryRun": "All"}),
        ("POST", {"dryRun": "All"}),
    ]


@pytest.mark.parametrize("there", [True, False])
def test_check_mode_announces_what_goes_into_a_namespace_that_is_only_announced(there):
    cluster = Recorder(*([made("Namespace", "monitoring")] if there else []))
    answer = refused(404, "NotFound", 'namespaces "monitoring" not found')
    cluster.instead = lambda method, path, words: answer if method == "POST" else None
    if there:
        with pytest.raises(WorkError, match='namespaces "monitoring" not found'):
            task(cluster, asked(a="1"), mode=DRY)
    else:
        assert task(cluster, asked(a="1"), mode=DRY)["objects"] == [asked(a="1")]
        with pytest.raises(WorkError, match='namespaces "monitoring" not found.*Fix: create its namespace first'):
            task(cluster, asked(a="1"))


def test_check_mode_without_a_cluster_announces():
    params = {"objects": [asked(a="1")], "state": "present", "owner": {}}
    result = k8s_objects.announce(params)
    assert result["changed"] and result["objects"] == [asked(a="1")]
    for state in ("patched", "absent"):
        assert k8s_objects.announce(params | {"state": state}) == {"changed": False, "objects": []}


def test_values_of_secrets_are_neither_returned_nor_shown():
    cluster = Recorder(made("Secret", "word", OWNER, data={"password": "b2xk", "same": "c2FtZQ=="}))
    result = task(cluster, secret(password="bmV3"), mode=Mode(diff=True))
    assert result["changed"] and set(result["objects"][0]["data"]) == {"password", "same"}
    assert result["diff"][0]["after"] == {"data": {"password": "(hidden, after)"}}
    shown = json.dumps([result, task(cluster, secret(password="bmV3")), task(cluster, secret(), state="absent")])
    assert not any(word in shown for word in ("b2xk", "bmV3", "c2FtZQ=="))
    masked = k8s_objects.masked({"objects": [secret(password="bmV3") | {"stringData": {"a": "text"}}]})
    assert "bmV3" not in json.dumps(masked) and "text" not in json.dumps(masked)
