# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""k8s_namespace creates, labels and removes its owner's namespaces and leaves those of others alone."""

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import k8s_namespace, owned_objects
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.owned_objects import OWNER
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError
from api_double import Cluster
from objects_double import made, mark, release

ENFORCE = "pod-security.kubernetes.io/enforce"
LABELS = {ENFORCE: "privileged"}
DRY = Mode(check=True, diff=True)


@pytest.fixture
def task(serve, monkeypatch):
    """Runs the work with a cluster on loopback."""
    monkeypatch.setattr(owned_objects, "EVERY_SECONDS", 0.01)

    def run(cluster, state="present", mode=None, **more):
        given = {"labels": {}, "owner": OWNER, "removed_releases": [], "wait_timeout": 30} | more
        params = given | {"name": "falco", "state": state, "kubeconfig": serve(cluster).kubeconfig()}
        return k8s_namespace.run(params, mode or Mode())

    return run


def namespace(labels=None, **metadata):
    found = made("Namespace", "falco", labels)
    return found | {"metadata": found["metadata"] | metadata}


def labels_of(cluster):
    return cluster.objects["v1", None, "namespaces", "falco"]["metadata"]["labels"]


def test_one_that_does_not_exist_is_created_once(task):
    cluster = Cluster()
    result = task(cluster, labels=LABELS)
    assert (result["changed"], result["created"], result["owned"]) == (True, True, True)
    assert result["labels"] == labels_of(cluster) == LABELS | OWNER
    again = task(cluster, labels=LABELS)
    assert (again["changed"], again["created"], again["owned"], again["labels"]) == (False, False, True, LABELS | OWNER)
    assert cluster.changes == ["POST namespaces/falco"]


def test_ours_gets_the_labels_that_it_lacks_and_keeps_others(task):
    cluster = Cluster(namespace(OWNER | {"team": "a", ENFORCE: "baseline"}))
    result = task(cluster, labels=LABELS, mode=Mode(diff=True))
    assert (result["changed"], result["created"]) == (True, False)
    assert result["labels"] == labels_of(cluster) == OWNER | LABELS | {"team": "a"}
    assert result["diff"][0]["after"] == {"metadata": {"labels": LABELS}}
    assert not task(cluster, labels=LABELS)["changed"]


@pytest.mark.parametrize("current", [{}, LABELS, {"team": "a"}])
def test_somebody_elses_stays_as_it_is(task, current):
    cluster = Cluster(namespace(current))
    result = task(cluster, labels=LABELS)
    assert (result["changed"], result["created"], result["owned"]) == (False, False, False)
    assert result["labels"] == current and cluster.changes == []


@pytest.mark.parametrize("mode", [Mode(), DRY])
def test_labels_that_conflict_are_refused_with_the_command_that_sets_them(task, mode):
    cluster = Cluster(namespace({ENFORCE: "restricted"}))
    with pytest.raises(WorkError) as caught:
        task(cluster, labels=LABELS, mode=mode)
    assert f"({ENFORCE}=restricted)" in str(caught.value)
    assert f"kubectl label --overwrite namespace falco {ENFORCE}=privileged" in str(caught.value)
    assert cluster.changes == []


def test_check_mode_announces_and_stores_nothing(task):
    cluster = Cluster()
    result = task(cluster, labels=LABELS, mode=DRY)
    assert result["changed"] and result["created"] and cluster.changes == []
    params = {"name": "falco", "state": "present", "labels": LABELS, "owner": OWNER}
    assert k8s_namespace.announce(params)["labels"] == LABELS | OWNER
    assert k8s_namespace.announce(params)["created"]
    assert not k8s_namespace.announce(params | {"state": "absent"})["changed"]


class Ending(Cluster):
    """A namespace whose deletion ends after some questions."""

    def __init__(self, questions):
        super().__init__(namespace(OWNER, deletionTimestamp="2026-01-01T00:00:00Z"))
        self.questions = questions

    def answer(self, method, path, words, body):
        if method == "GET" and path.endswith("/falco"):
            self.questions -= 1
            if self.questions == 0:
                self.objects.clear()
        return super().answer(method, path, words, body)


def test_one_that_is_being_deleted_is_waited_for_and_created_again(task):
    cluster = Ending(questions=3)
    assert task(cluster)["created"]
    assert task(Ending(questions=3), mode=DRY)["created"]
    with pytest.raises(WorkError, match="^Namespace falco: it is still being deleted after 0.1 s.*kubectl describe"):
        task(Ending(questions=1000), wait_timeout=0.1)


def test_a_removal_that_was_interrupted_goes_on(task):
    cluster = Ending(questions=3)
    left = made("ConfigMap", "of-ours", namespace="falco")
    cluster.objects["v1", "falco", "configmaps", "of-ours"] = left
    assert task(cluster, "absent")["changed"] and cluster.changes == ["DELETE namespaces/falco"]


def test_ours_is_removed_once_it_is_empty(task):
    cluster = Cluster(namespace(OWNER), made("ConfigMap", "kube-root-ca.crt", namespace="falco"))
    assert task(cluster, "absent", mode=DRY)["changed"] and cluster.changes == []
    result = task(cluster, "absent", mode=Mode(diff=True))
    assert (result["changed"], result["owned"], result["labels"]) == (True, True, {})
    assert cluster.changes == ["DELETE namespaces/falco"]
    again = task(cluster, "absent")
    assert (again["changed"], again["owned"]) == (False, False)


def test_ours_stays_with_what_somebody_has_in_it(task):
    cluster = Cluster(namespace(OWNER), made("ConfigMap", "theirs", namespace="falco"))
    result = task(cluster, "absent")
    assert not result["changed"] and result["remaining"] == ["ConfigMap/theirs"]
    assert result["warnings"] == ["Namespace falco stays. In it are ConfigMap/theirs."]
    assert cluster.changes == []


def test_somebody_elses_is_not_removed(task):
    cluster = Cluster(namespace({"team": "a"}))
    result = task(cluster, "absent")
    assert (result["changed"], result["owned"], result["remaining"]) == (False, False, [])
    assert cluster.changes == []


def moved(found):
    return found | {"metadata": found["metadata"] | {"namespace": "falco"}}


def test_a_dry_run_does_not_count_what_a_run_would_have_removed_before(task):
    chart = made("Service", "web", {"app.kubernetes.io/instance": "sensor"}, namespace="falco")
    others = made("Secret", "word", OWNER, namespace="falco")
    cluster = Cluster(namespace(OWNER), moved(release("sensor")), moved(mark("sensor")), chart, others)
    assert task(cluster, "absent", mode=DRY, removed_releases=["sensor"])["changed"]
    uninstalled = {"sensor": {"status": "absent"}, "other": {"status": "deployed"}}
    assert task(cluster, "absent", mode=DRY, removed_releases=uninstalled)["changed"]
    kept = task(cluster, "absent", mode=DRY, removed_releases={"sensor": {"status": "deployed"}})
    assert not kept["changed"] and "warnings" not in kept
    # A run counts what is there.
    assert not task(cluster, "absent", removed_releases=["sensor"])["changed"]
    assert cluster.changes == []


class Silent(Cluster):
    def answer(self, method, path, words, body):
        if path == "/apis/batch/v1":
            return 503, {"kind": "Status", "status": "Failure", "reason": "ServiceUnavailable", "code": 503}
        return super().answer(method, path, words, body)


def test_one_whose_content_is_not_clear_stays(task):
    cluster = Silent(namespace(OWNER))
    with pytest.raises(
        WorkError, match="What is in namespace falco is not clear, so it stays.*kubectl get apiservices"
    ):
        task(cluster, "absent")
    assert cluster.changes == []
