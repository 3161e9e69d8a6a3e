# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""k8s_objects refuses what others own or what changes meanwhile, and says why a write failed."""

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError
from objects_double import made
from recorder import OWNER, Recorder, asked, config_map, refused, secret, task


@pytest.mark.parametrize("state", ["present", "created"])
def test_somebody_elses_object_is_refused_before_the_first_write(state):
    cluster = Recorder(made("ConfigMap", "settings", data={"a": "theirs"}))
    with pytest.raises(WorkError, match=r"ConfigMap monitoring/settings: .*app.kubernetes.io/managed-by=tests"):
        task(cluster, asked("new"), asked(a="1"), owner=OWNER, state=state)
    assert cluster.changes == []


def test_an_object_that_has_to_be_new_is_refused_before_the_first_write():
    cluster = Recorder(config_map())
    with pytest.raises(WorkError, match="ConfigMap monitoring/settings: exists"):
        task(cluster, asked("new"), asked(a="1"), owner=OWNER, state="created")
    assert cluster.changes == []


@pytest.mark.parametrize("state", ["present", "created"])
def test_one_that_somebody_creates_meanwhile_is_not_overwritten(state):
    cluster = Recorder()
    answer = refused(409, "AlreadyExists", "exists")
    cluster.instead = lambda method, path, words: answer if method == "POST" else None
    with pytest.raises(WorkError, match="ConfigMap monitoring/settings: exists, and a moment ago"):
        task(cluster, asked(a="1"), state=state)


class Restless(Recorder):
    """Another client changes the object between each read and the patch."""

    turns = 1

    def reply(self, method, path, words, body, known):
        if method == "PATCH" and self.turns and "probe" not in body:
            self.turns -= 1
            super().reply(method, path, {}, {"data": {"theirs": str(self.turns)}, "probe": True}, known)
        return super().reply(method, path, words, body, known)


def test_a_change_in_between_is_not_lost():
    cluster = Restless(config_map(a="1") | {"metadata": config_map()["metadata"] | {"resourceVersion": "0"}})
    assert task(cluster, asked(a="2"))["objects"][0]["data"] == {"a": "2", "theirs": "0"}


def test_changes_that_do_not_end_are_an_error():
    cluster = Restless(config_map(a="1") | {"metadata": config_map()["metadata"] | {"resourceVersion": "0"}})
    cluster.turns = 100
    with pytest.raises(WorkError, match=r"ConfigMap monitoring/settings: .*409.*Fix: run again"):
        task(cluster, asked(a="2"))


def test_an_object_that_changes_hands_meanwhile_is_refused():
    cluster = Recorder(config_map(a="1"))
    theirs = made("ConfigMap", "settings", data={"a": "theirs"})

    def instead(method, path, words):
        if method == "PATCH":
            cluster.objects["v1", "monitoring", "configmaps", "settings"] = theirs
            return refused(409, "Conflict", "the object has been modified")
        return None

    cluster.instead = instead
    with pytest.raises(WorkError, match="not managed by this collection"):
        task(cluster, asked(a="2"), owner=OWNER)
    assert theirs["data"] == {"a": "theirs"}


def test_an_object_that_is_deleted_meanwhile_is_created():
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
def test_a_refusal_says_what_and_why(answer, words, verb):
    cluster = Recorder(*([config_map(a="1")] if verb == "PATCH" else []))
    cluster.instead = lambda method, path, words: answer if method == verb else None
    with pytest.raises(WorkError, match=f"ConfigMap monitoring/settings: .*{words}"):
        task(cluster, asked(a="2"))


def test_a_refusal_has_no_value_of_a_secret():
    cluster = Recorder()
    message = (
        'Secret "word" is invalid: [data: Invalid value: "cGxhbnRlZA==": no, type: Unsupported value: planted: no]'
    )
    cluster.instead = lambda method, path, words: refused(422, "Invalid", message) if method == "POST" else None
    with pytest.raises(WorkError) as caught:
        task(cluster, secret(password="cGxhbnRlZA=="))
    assert "cGxhbnRlZA" not in str(caught.value) and "planted" not in str(caught.value)
    assert "Invalid value (hidden): no" in str(caught.value)


def test_a_kind_that_the_cluster_does_not_know_is_refused():
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
def test_a_definition_that_names_no_object_is_refused(definition, lacks):
    cluster = Recorder()
    with pytest.raises(WorkError, match=rf"objects\[1\]: {lacks} missing"):
        task(cluster, asked(), definition)
    assert cluster.requests == []


def test_an_object_without_the_namespace_of_its_kind_is_refused():
    cluster = Recorder()
    with pytest.raises(WorkError, match=r"ConfigMap a: no namespace"):
        task(cluster, asked("first"), {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}})
    assert cluster.changes == []


def test_an_unclear_answer_ends_the_task_before_the_first_write():
    cluster = Recorder(config_map(a="1"))
    cluster.instead = lambda method, path, words: (503, b"no") if path.endswith("/other") else None
    for state in ("present", "absent"):
        with pytest.raises(WorkError, match="not clear, and nothing more was changed"):
            task(cluster, asked(a="2"), asked("other"), state=state)
    assert cluster.changes == []
