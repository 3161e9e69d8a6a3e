# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""helm_releases over a workload in which Helm's patch has left a wrong entry of two with one name."""

from __future__ import annotations

import copy
import json

import pytest
from api_double import Cluster
from helm_inputs import LOKI, NAMESPACE, RECORD, actions
from objects_double import made, release

HOST = {"name": "HOST_ROOT", "value": "/host"}
OURS = {"name": "HOST_ROOT", "value": "/hostroot"}
USERS = {"name": "HOST_ROOT", "value": "/user"}
NODE = {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}
# As the API server completes it.
STORED_NODE = {"name": "NODE", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "spec.nodeName"}}}
THEIRS = {"name": "PROXY", "value": "http://proxy.example"}


def workload(*environment, kind="DaemonSet"):
    pod = {"containers": [{"name": "sidecar", "image": "b"}, {"name": "one", "image": "a", "env": list(environment)}]}
    return made(kind, "loki", spec={"template": {"spec": copy.deepcopy(pod)}})


def deployed(*environment, kind="DaemonSet"):
    # Helm's manifests name no namespace where the chart does not.
    wanted = workload(*environment, kind=kind)
    del wanted["metadata"]["namespace"]
    manifest = f"---\n# Source: loki/templates/one.yaml\n{to_yaml(wanted)}---\nkind: ConfigMap\n"
    return release("loki", config={"a": 1}, version="7.0.0", manifest=manifest)


def to_yaml(wanted):
    return "\n".join(f"{key}: {json.dumps(value)}" for key, value in wanted.items()) + "\n"


def environment(cluster, kind="daemonsets"):
    return cluster.objects["apps/v1", "monitoring", kind, "loki"]["spec"]["template"]["spec"]["containers"][1]["env"]


@pytest.mark.parametrize("kind", ["DaemonSet", "Deployment", "StatefulSet"])
@pytest.mark.parametrize(
    ("there", "after"),
    [
        # One that was changed: Helm changed the first of both.
        ([USERS, STORED_NODE, OURS], [STORED_NODE, USERS]),
        # One that was added: Helm did nothing.
        ([HOST, STORED_NODE], [STORED_NODE, USERS]),
        # One that was removed and added again.
        ([STORED_NODE, THEIRS], [STORED_NODE, USERS, THEIRS]),
    ],
)
def test_a_wrong_entry_of_a_release_that_is_not_outdated_is_corrected(helm_module, kind, there, after):
    cluster = Cluster(NAMESPACE, deployed(HOST, NODE, USERS, kind=kind), RECORD, workload(*there, kind=kind))
    announced = helm_module(cluster, LOKI, check=True)
    assert announced["changed"] and actions(announced) == {"loki": "corrected"} and cluster.changes == []
    result = helm_module(cluster, LOKI)
    assert result["changed"] and actions(result) == {"loki": "corrected"}
    assert environment(cluster, f"{kind.lower()}s") == after
    assert cluster.changes == [f"PATCH {kind.lower()}s/loki"]
    again = helm_module(cluster, LOKI)
    assert again["changed"] is False and actions(again) == {"loki": "unchanged"}


@pytest.mark.parametrize("there", [[HOST, STORED_NODE, USERS], [STORED_NODE, USERS], [USERS, STORED_NODE, THEIRS]])
def test_what_holds_as_the_release_says_is_not_written(helm_module, there):
    cluster = Cluster(NAMESPACE, deployed(HOST, NODE, USERS), RECORD, workload(*there))
    assert helm_module(cluster, LOKI)["changed"] is False and cluster.changes == []


def test_names_that_are_not_repeated_are_left_to_others(helm_module):
    cluster = Cluster(NAMESPACE, deployed(HOST, NODE), RECORD, workload(USERS, STORED_NODE))
    assert helm_module(cluster, LOKI)["changed"] is False


def test_an_entry_that_an_upgrade_took_with_the_one_that_overrode_it_comes_back(helm_module):
    """The newest revision has one entry of the name, and Helm removed both."""
    cluster = Cluster(NAMESPACE, deployed(HOST, NODE, OURS), RECORD, workload(STORED_NODE))
    wanted = workload(HOST, NODE)
    cluster.rendered = to_yaml(wanted)
    result = helm_module(cluster, LOKI | {"values": {"a": 2}})
    assert actions(result) == {"loki": "upgraded"}
    assert environment(cluster) == [HOST, STORED_NODE]


def test_somebody_who_writes_all_the_time_ends_the_task(helm_module):
    class Busy(Cluster):
        def outdated(self, place, body):
            return place[2] == "daemonsets" or super().outdated(place, body)

    cluster = Busy(NAMESPACE, deployed(HOST, NODE, USERS), RECORD, workload(HOST, STORED_NODE))
    said = helm_module(cluster, LOKI)["msg"]
    assert "environment of a release's workloads: somebody changes them all the time" in said
    assert environment(cluster) == [HOST, STORED_NODE]
