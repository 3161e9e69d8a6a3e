# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof import pod as pods
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.cluster import ClusterError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.watch import NotSeen, NotYet, Watch

RUNNING = {"status": {"phase": "Running"}}


class FakeCluster:
    """Objects by kind and name; deletion is immediate."""

    def __init__(self, *objects, created_status=None, refusals=()):
        self.objects = {(item["kind"], item["metadata"]["name"]): item for item in objects}
        self.created_status = created_status or RUNNING["status"]
        self.refusals = list(refusals)

    def get(self, kind, name, namespace=None):
        return self.objects.get((kind, name))

    def find(self, kind, namespace, selector):
        return [item for (found, name), item in self.objects.items() if found == kind]

    def contents(self, namespace):
        return [f"{kind}/{name}" for kind, name in self.objects if kind != "Namespace"]

    def create(self, kind, definition, namespace=None):
        if kind == "Pod" and self.refusals:
            raise self.refusals.pop(0)
        self.objects[kind, definition["metadata"]["name"]] = {**definition, "status": self.created_status}

    def delete(self, kind, name, namespace=None, grace_seconds=None):
        self.objects.pop((kind, name), None)

    def names(self, kind):
        return [name for found, name in self.objects if found == kind]


def _namespace(**metadata):
    return {"kind": "Namespace", "metadata": {"name": "proof", **metadata}, "status": {"phase": "Active"}}


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch):
    monkeypatch.setattr(pods, "_EVERY_SECONDS", 0.001)


def _started(cluster, seconds=5, with_sink=False):
    pod = pods.MarkedPod(cluster, "proof", "busybox", "pipeline-proof-", with_sink)
    pod.start(Watch(seconds))
    return pod


def test_it_makes_its_namespace_and_takes_both_away():
    cluster = FakeCluster()
    pod = _started(cluster)
    pod.wait_running()
    assert cluster.names("Namespace") == ["proof"]
    assert cluster.names("Pod") == [pod.name]
    pod.remove()
    assert cluster.objects == {}


def test_with_a_sink_it_has_an_address_until_it_goes():
    cluster = FakeCluster()
    pod = _started(cluster, with_sink=True)
    pod.wait_running()
    spec = cluster.objects["Service", "notification-sink"]["spec"]
    assert spec["selector"].items() <= cluster.objects["Pod", pod.name]["metadata"]["labels"].items()
    assert spec["ports"] == [{"port": 8080, "targetPort": 8080}]
    pod.remove()
    assert cluster.objects == {}


def test_a_service_of_somebody_else_stays():
    theirs = {"kind": "Service", "metadata": {"name": "notification-sink"}}
    cluster = FakeCluster(_namespace(), theirs)
    pod = _started(cluster, with_sink=True)
    pod.wait_running()
    pod.remove()
    assert cluster.objects["Service", "notification-sink"] == theirs


def test_a_namespace_of_somebody_else_stays():
    cluster = FakeCluster(_namespace(labels={"app.kubernetes.io/managed-by": "Helm"}))
    pod = _started(cluster)
    pod.wait_running()
    pod.remove()
    assert list(cluster.objects) == [("Namespace", "proof")]


def test_a_namespace_with_something_of_somebody_else_stays():
    cluster = FakeCluster()
    pod = _started(cluster)
    pod.wait_running()
    cluster.create("ConfigMap", {"kind": "ConfigMap", "metadata": {"name": "theirs"}})
    pod.remove()
    assert list(cluster.objects) == [("Namespace", "proof"), ("ConfigMap", "theirs")]


def test_leftovers_are_removed_first():
    leftover = {"kind": "Pod", "metadata": {"name": "pipeline-proof-0"}, **RUNNING}
    cluster = FakeCluster(pods.namespace_definition("proof") | {"status": {"phase": "Active"}}, leftover)
    pod = _started(cluster)
    pod.wait_running()
    assert cluster.names("Pod") == [pod.name]


def test_a_namespace_that_is_going_is_waited_for():
    going = _namespace()
    going["status"]["phase"] = "Terminating"
    pod = pods.MarkedPod(FakeCluster(going), "proof", "busybox", "pipeline-proof-")
    with pytest.raises(NotYet, match="still being removed"):
        pod._prepare_namespace()


def test_a_service_account_that_is_late():
    late = ClusterError('pods "x" is forbidden: error looking up serviceaccount proof/default', 403)
    pod = _started(FakeCluster(refusals=[late, late]))
    pod.wait_running()


def test_a_namespace_that_an_earlier_run_takes_away_is_made_again():
    going = ClusterError('pods "x" is forbidden: unable to create new content because it is being terminated', 403)
    cluster = FakeCluster(refusals=[going])
    create = cluster.create

    def and_take_it_away(kind, *rest):
        try:
            create(kind, *rest)
        except ClusterError:
            cluster.objects.clear()
            raise

    cluster.create = and_take_it_away
    pod = _started(cluster)
    pod.wait_running()
    assert cluster.names("Namespace") == ["proof"]
    assert cluster.names("Pod") == [pod.name]


def test_the_namespace_stays_while_the_next_proof_is_in_it():
    cluster = FakeCluster()
    pod = _started(cluster)
    pod.wait_running()
    following = _started(cluster)
    following.wait_running()
    pod.remove()
    assert cluster.names("Namespace") == ["proof"]
    assert cluster.names("Pod") == [following.name]
    following.remove()
    assert cluster.objects == {}


def test_a_refusal_is_told_at_once():
    pod = _started(FakeCluster(refusals=[ClusterError("create Pod: violates PodSecurity", 403)]))
    with pytest.raises(NotSeen, match="does not run: create Pod: violates PodSecurity"):
        pod.wait_running()


def test_an_image_that_never_comes_is_told_at_once():
    status = {"phase": "Pending", "containerStatuses": [{"state": {"waiting": {"reason": "ErrImageNeverPull"}}}]}
    pod = _started(FakeCluster(created_status=status), seconds=60)
    with pytest.raises(NotSeen, match="ErrImageNeverPull"):
        pod.wait_running()


def test_removal_also_works_when_nothing_was_made():
    pods.MarkedPod(FakeCluster(), "proof", "busybox", "pipeline-proof-").remove()


@pytest.mark.parametrize(
    "status, reason",
    [
        ({"phase": "Pending"}, ("Pending", "")),
        (
            {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1"}]},
            ("Unschedulable", "0/1"),
        ),
        (
            {"containerStatuses": [{"state": {"waiting": {"reason": "ErrImagePull", "message": "no such tag"}}}]},
            ("ErrImagePull", "no such tag"),
        ),
        ({"containerStatuses": [{"state": {"terminated": {"reason": "Error"}}}]}, ("Error", "")),
        ({"phase": "Failed", "reason": "DeadlineExceeded", "message": "late"}, ("DeadlineExceeded", "late")),
    ],
)
def test_waiting_reason(status, reason):
    assert pods.waiting_reason({"status": status}) == reason


@pytest.mark.parametrize("number", [0, 1])
def test_the_pod_is_weak(number):
    spec = pods.pod_definition("name", "proof", "busybox", 60, True)["spec"]
    container = spec["containers"][number]
    assert spec["automountServiceAccountToken"] is False
    assert spec["activeDeadlineSeconds"] == 60
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
