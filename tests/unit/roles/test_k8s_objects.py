# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""k8s_objects writes what differs and nothing else, and refuses with words."""

from __future__ import annotations

import json

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import k8s_objects
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError, result_of
from api_double import Cluster, Server, made

OWNER = {"app.kubernetes.io/managed-by": "tests"}
DRY = Mode(check=True, diff=True)


class Recorder(Cluster):
    """Notes every request and gives what a test puts in the place of an answer."""

    def __init__(self, *objects):
        super().__init__(*objects)
        self.requests = []
        self.instead = lambda method, path, words: None

    def reply(self, method, path, words, body, known):
        self.requests.append((method, path, words, body))
        return self.instead(method, path, words) or super().reply(method, path, words, body, known)

    def of(self, *methods):
        return [request for request in self.requests if request[0] in methods]


def refused(code, reason, message):
    return code, {"kind": "Status", "status": "Failure", "reason": reason, "message": message, "code": code}


@pytest.fixture
def task():
    """Runs the work with a cluster on loopback."""
    servers = []

    def run(cluster, *objects, mode=None, **more):
        servers.append(Server(cluster))
        given = {"state": "present", "owner": {}, "wait": False, "wait_timeout": 1, "context": None} | more
        params = given | {"objects": list(objects), "kubeconfig": servers[-1].kubeconfig()}
        return result_of(k8s_objects, params, mode or Mode())

    yield run
    for server in servers:
        server.shutdown()
        server.server_close()


def config_map(name="settings", **data):
    return made("ConfigMap", name, OWNER, data=data)


def asked(name="settings", **data):
    metadata = {"name": name, "namespace": "monitoring", "labels": OWNER}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def secret(**data):
    return asked("word", **data) | {"kind": "Secret"}


def test_objects_of_several_kinds_are_created_in_their_order(task):
    cluster = Recorder()
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a", "namespace": "shop"}}
    result = task(cluster, asked(a="1", gone=None), account)
    assert result["changed"] and [one["metadata"]["name"] for one in result["objects"]] == ["settings", "a"]
    assert cluster.changes == ["POST configmaps/settings", "POST serviceaccounts/a"]
    assert cluster.of("POST")[0][3]["data"] == {"a": "1"}


def test_a_second_run_writes_nothing(task):
    cluster = Recorder()
    task(cluster, asked(a="1"), secret() | {"stringData": {"password": "x"}})
    cluster.requests.clear()
    result = task(cluster, asked(a="1"), secret() | {"stringData": {"password": "x"}})
    assert not result["changed"]
    assert cluster.of("POST", "PATCH", "PUT", "DELETE") == []


def test_what_a_definition_does_not_name_stays_and_what_it_sets_to_null_goes(task):
    cluster = Recorder(config_map(kept="1", old="2", changed="3"))
    result = task(cluster, asked(old=None, changed="4"), mode=Mode(diff=True))
    assert result["objects"][0]["data"] == {"kept": "1", "changed": "4"}
    (shown,) = result["diff"]
    assert (shown["before"], shown["after"]) == ({"data": {"old": "2", "changed": "3"}}, {"data": {"changed": "4"}})
    ((_method, _path, _words, body),) = cluster.of("PATCH")
    assert body["data"] == {"old": None, "changed": "4"}


def test_check_mode_asks_the_api_server_and_stores_nothing(task):
    cluster = Recorder(config_map(a="1"))
    result = task(cluster, asked(a="2"), asked("new", b="3"), mode=DRY)
    assert result["changed"] and [one["data"] for one in result["objects"]] == [{"a": "2"}, {"b": "3"}]
    assert cluster.changes == []
    assert [(method, words) for method, _path, words, _body in cluster.of("PATCH", "POST")] == [
        ("PATCH", {"dryRun": "All"}),
        ("POST", {"dryRun": "All"}),
    ]


@pytest.mark.parametrize("there", [True, False])
def test_check_mode_announces_what_goes_into_a_namespace_that_is_only_announced(task, there):
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
    assert k8s_objects.announce(params | {"state": "absent"}) == {"changed": False, "objects": []}


@pytest.mark.parametrize("state", ["present", "created"])
def test_somebody_elses_object_is_refused_before_the_first_write(task, state):
    cluster = Recorder(made("ConfigMap", "settings", data={"a": "theirs"}))
    with pytest.raises(WorkError, match=r"ConfigMap monitoring/settings: .*app.kubernetes.io/managed-by=tests"):
        task(cluster, asked("new"), asked(a="1"), owner=OWNER, state=state)
    assert cluster.changes == []


def test_an_object_that_has_to_be_new_is_refused_before_the_first_write(task):
    cluster = Recorder(config_map())
    with pytest.raises(WorkError, match="ConfigMap monitoring/settings: exists"):
        task(cluster, asked("new"), asked(a="1"), owner=OWNER, state="created")
    assert cluster.changes == []


@pytest.mark.parametrize("state", ["present", "created"])
def test_one_that_somebody_creates_meanwhile_is_not_overwritten(task, state):
    cluster = Recorder()
    answer = refused(409, "AlreadyExists", "exists")
    cluster.instead = lambda method, path, words: answer if method == "POST" else None
    with pytest.raises(WorkError, match="ConfigMap monitoring/settings: exists, and a moment ago"):
        task(cluster, asked(a="1"), state=state)


class Restless(Recorder):
    """Somebody else changes the object between each read and the patch."""

    turns = 1

    def reply(self, method, path, words, body, known):
        if method == "PATCH" and self.turns and "probe" not in body:
            self.turns -= 1
            super().reply(method, path, {}, {"data": {"theirs": str(self.turns)}, "probe": True}, known)
        return super().reply(method, path, words, body, known)


def test_a_change_in_between_is_not_lost(task):
    cluster = Restless(config_map(a="1") | {"metadata": config_map()["metadata"] | {"resourceVersion": "0"}})
    assert task(cluster, asked(a="2"))["objects"][0]["data"] == {"a": "2", "theirs": "0"}


def test_changes_that_do_not_end_are_an_error(task):
    cluster = Restless(config_map(a="1") | {"metadata": config_map()["metadata"] | {"resourceVersion": "0"}})
    cluster.turns = 100
    with pytest.raises(WorkError, match=r"ConfigMap monitoring/settings: .*409.*Fix: run again"):
        task(cluster, asked(a="2"))


def test_an_object_that_changes_hands_meanwhile_is_refused(task):
    cluster = Recorder(config_map(a="1"))
    theirs = made("ConfigMap", "settings", data={"a": "theirs"})

    def instead(method, path, words):
        if method == "PATCH":
            cluster.objects["v1", "monitoring", "configmaps", "settings"] = theirs
            return refused(409, "Conflict", "the object has been modified")
        return None

    cluster.instead = instead
    with pytest.raises(WorkError, match="made by somebody else"):
        task(cluster, asked(a="2"), owner=OWNER)
    assert theirs["data"] == {"a": "theirs"}


def test_an_object_that_is_deleted_meanwhile_is_created(task):
    cluster = Recorder(config_map(a="1"))

    def instead(method, path, words):
        if method == "PATCH":
            cluster.objects.clear()
        return None

    cluster.instead = instead
    assert task(cluster, asked(a="2"))["objects"][0]["data"] == {"a": "2"}
    assert cluster.changes[-1] == "POST configmaps/settings"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            refused(422, "Invalid", 'ConfigMap "settings" is invalid: data: Invalid value: "7": field is immutable'),
            r'422 .*"7".*Fix: correct the definition; a field that cannot change needs the object to be deleted first',
        ),
        (refused(403, "Forbidden", "configmaps is forbidden"), "403 .configmaps is forbidden.*Fix: grant this account"),
        (refused(500, "InternalError", "etcd"), "500 .etcd.*Fix: look at the API server's health"),
        ((200, b"<html>welcome</html>"), "whether it was written is not known"),
        ((200, {"kind": "ConfigMap", "metadata": {"name": "another"}}), "whether it was written is not known"),
    ],
    ids=["422", "403", "500", "no JSON", "another object"],
)
@pytest.mark.parametrize("verb", ["POST", "PATCH"])
def test_a_refusal_says_what_and_why(task, answer, words, verb):
    cluster = Recorder(*([config_map(a="1")] if verb == "PATCH" else []))
    cluster.instead = lambda method, path, words: answer if method == verb else None
    with pytest.raises(WorkError, match=f"ConfigMap monitoring/settings: .*{words}"):
        task(cluster, asked(a="2"))


def test_a_refusal_has_no_value_of_a_secret(task):
    cluster = Recorder()
    message = (
        'Secret "word" is invalid: [data: Invalid value: "cGxhbnRlZA==": no, type: Unsupported value: planted: no]'
    )
    cluster.instead = lambda method, path, words: refused(422, "Invalid", message) if method == "POST" else None
    with pytest.raises(WorkError) as caught:
        task(cluster, secret(password="cGxhbnRlZA=="))
    assert "cGxhbnRlZA" not in str(caught.value) and "planted" not in str(caught.value)
    assert "Invalid value (hidden): no" in str(caught.value)


def test_a_kind_that_the_cluster_does_not_know_is_refused(task):
    with pytest.raises(WorkError, match=r"Nothing a: the cluster does not know its kind \(example.org/v1 Nothing\)"):
        task(Recorder(), {"apiVersion": "example.org/v1", "kind": "Nothing", "metadata": {"name": "a"}})


@pytest.mark.parametrize(
    ("definition", "lacks"),
    [
        ({}, "apiVersion and kind and metadata.name"),
        ({"apiVersion": "v1", "kind": "Secret", "metadata": None}, "metadata.name"),
        ({"apiVersion": "v1", "metadata": {"name": "a"}}, "kind"),
    ],
)
def test_a_definition_that_names_no_object_is_refused(task, definition, lacks):
    cluster = Recorder()
    with pytest.raises(WorkError, match=rf"objects\[1\]: {lacks} missing"):
        task(cluster, asked(), definition)
    assert cluster.requests == []


def test_an_object_without_the_namespace_of_its_kind_is_refused(task):
    cluster = Recorder()
    with pytest.raises(WorkError, match=r"ConfigMap a: no namespace"):
        task(cluster, asked("first"), {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}})
    assert cluster.changes == []


def test_values_of_secrets_are_neither_returned_nor_shown(task):
    cluster = Recorder(made("Secret", "word", OWNER, data={"password": "b2xk", "same": "c2FtZQ=="}))
    result = task(cluster, secret(password="bmV3"), mode=Mode(diff=True))
    assert result["changed"] and set(result["objects"][0]["data"]) == {"password", "same"}
    assert result["diff"][0]["after"] == {"data": {"password": "(hidden, after)"}}
    shown = json.dumps([result, task(cluster, secret(password="bmV3")), task(cluster, secret(), state="absent")])
    assert not any(word in shown for word in ("b2xk", "bmV3", "c2FtZQ=="))
    masked = k8s_objects.masked({"objects": [secret(password="bmV3") | {"stringData": {"a": "text"}}]})
    assert "bmV3" not in json.dumps(masked) and "text" not in json.dumps(masked)


def test_only_the_owners_objects_are_removed(task):
    cluster = Recorder(config_map(), made("ConfigMap", "theirs"), config_map("other"))
    result = task(cluster, asked(), asked("theirs"), asked("absent"), state="absent", owner=OWNER, mode=Mode(diff=True))
    assert cluster.changes == ["DELETE configmaps/settings"]
    assert [one["metadata"]["name"] for one in result["objects"]] == ["settings"]
    assert [one["before_header"] for one in result["diff"]] == ["ConfigMap monitoring/settings"]
    assert cluster.of("DELETE")[0][3]["preconditions"] == {"uid": "ConfigMap-settings"}


def test_objects_are_removed_by_their_labels(task):
    cluster = Recorder(config_map(), made("ConfigMap", "theirs"), config_map("other"))
    definition = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "monitoring", "labels": OWNER}}
    assert task(cluster, definition, state="absent", mode=DRY)["changed"] and cluster.changes == []
    task(cluster, definition, state="absent", wait=True)
    assert cluster.names() == {"ConfigMap/theirs"}
    assert not task(cluster, definition, state="absent")["changed"]


def test_nothing_is_removed_without_a_name_and_labels(task):
    cluster = Recorder(config_map())
    with pytest.raises(WorkError, match="neither a name nor labels"):
        task(
            cluster, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "monitoring"}}, state="absent"
        )
    assert cluster.changes == []


def test_removed_objects_are_waited_for_together(task):
    """Each with a finalizer that ends only once all are being deleted."""

    class Slow(Recorder):
        def answer(self, method, path, words, body):
            if method == "DELETE" and "dryRun" not in words:
                self.changes.append(path)
                if len(self.changes) == 2:
                    self.objects.clear()
                return 200, {"kind": "Status", "status": "Success"}
            return super().answer(method, path, words, body)

    cluster = Slow(config_map(), config_map("other"))
    assert task(cluster, asked(), asked("other"), state="absent", wait=True)["changed"]
    assert cluster.objects == {}


def test_an_unclear_answer_ends_the_task_before_the_first_write(task):
    cluster = Recorder(config_map(a="1"))
    cluster.instead = lambda method, path, words: (503, b"no") if path.endswith("/other") else None
    for state in ("present", "absent"):
        with pytest.raises(WorkError, match="not clear, and nothing more was changed"):
            task(cluster, asked(a="2"), asked("other"), state=state)
    assert cluster.changes == []
