# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Falco gets of the /proc that the nodes have."""

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import node_host_proc, node_pods
from host_proc_views import OWN


class Cluster:
    """Nodes, a ConfigMap, and pods that answer at once."""

    namespace, ready = "falco", "True"

    def __init__(self, answers: dict[str, str | None]) -> None:
        self.answers, self.data, self.started, self.alive = answers, {}, [], {}

    def nodes(self):
        return {
            name: {
                "metadata": {"name": name, "uid": f"uid-{name}"},
                "status": {"nodeInfo": {"bootID": "1"}, "conditions": [{"type": "Ready", "status": self.ready}]},
            }
            for name in self.answers
        }

    def read(self):
        return self.data

    def write(self, data):
        self.data = data

    def start(self, definition):
        name = definition["spec"]["nodeName"]
        self.started.append(name)
        self.alive[name] = self.answers[name]
        return f"pod-{name}"

    def pods(self):
        return [
            {
                "metadata": {"name": f"pod-{name}"},
                "status": {"containerStatuses": [{"state": {"terminated": {"message": text}} if text else {}}]},
            }
            for name, text in self.alive.items()
        ]

    def remove_pods(self):
        self.alive = {}


PARAMS = {"image": "busybox", "labels": {}, "timeout": 1, "values": {}}
ANSWER = f"/proc {OWN} no yes yes no\n/procHost none yes yes no yes\n"


def test_each_node_is_asked_once():
    cluster = Cluster({"a": ANSWER, "b": ANSWER})
    first = node_host_proc.look(cluster, PARAMS, False)
    assert (first["proc"], first["init"], first["changed"], first["problems"]) == ("/procHost", "/procHost/2", True, [])
    assert cluster.started == ["a", "b"]
    assert not cluster.alive
    second = node_host_proc.look(cluster, PARAMS, False)
    assert second == {**first, "changed": False, "asked": []}
    cluster.answers["c"] = ANSWER
    assert node_host_proc.look(cluster, PARAMS, False)["asked"] == ["c"]
    assert cluster.started == ["a", "b", "c"]


def test_check_mode_starts_nothing_and_says_what_it_would():
    cluster = Cluster({"a": ANSWER})
    found = node_host_proc.look(cluster, PARAMS, True)
    assert (found["changed"], found["asked"], found["problems"], cluster.started) == (True, ["a"], [], [])


def test_a_node_that_does_not_answer_is_a_problem_and_asked_again():
    cluster = Cluster({"a": None})
    found = node_host_proc.look(cluster, PARAMS, False)
    assert (found["proc"], found["changed"]) == ("/proc", False)
    assert found["problems"] == [{"node": "a", "problem": "it could not be looked at"}]
    assert "minikube" in found["remedy"]
    assert "kind" in found["remedy"]
    assert "k3d" in found["remedy"]
    cluster.answers["a"] = ANSWER
    assert node_host_proc.look(cluster, PARAMS, False)["asked"] == ["a"]


def test_a_node_that_is_not_ready_is_not_waited_for():
    cluster = Cluster({"a": ANSWER})
    cluster.ready = "Unknown"
    found = node_host_proc.look(cluster, PARAMS, False)
    assert (cluster.started, found["asked"], [each["node"] for each in found["problems"]]) == ([], [], ["a"])


@pytest.mark.parametrize("text", ["", "nonsense", "/proc none maybe yes yes no"])
def test_nonsense_is_no_answer(text):
    assert node_pods.read_answer(text) is None
