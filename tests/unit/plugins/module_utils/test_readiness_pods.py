# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The readiness check in pods: what is sent, who is waited for, what an answer is."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import readiness_pods
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.ebpf import evaluate, observe

OPTIONS = {
    "falco_version": "0.44.1",
    "drivers": ["modern_ebpf"],
    "least_privilege": False,
    "buffer_preset": 4,
    "cpus_for_each_buffer": 2,
    "host_root": "",
}
FOUND = {"drivers": {"modern_ebpf": {"verdict": "ready"}}, "host": {"kernel": "6.8.0"}}


def pod(node: str, phase: str = "Running", **status: object) -> dict:
    return {
        "metadata": {"name": f"probe-{node}"},
        "spec": {"nodeName": node},
        "status": {"phase": phase, **status},
    }


def waiting(reason: str, message: str) -> dict:
    return {"containerStatuses": [{"state": {"waiting": {"reason": reason, "message": message}}}]}


class Here:
    """Runs what would be run in a pod with a Python of this machine that has nothing of the collection."""

    def run_with_line(self, pod, container, command, line, seconds):
        done = subprocess.run(
            [sys.executable, "-I", *command[1:]],
            input=line + "\n",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
            cwd="/",
        )
        return done.returncode, done.stdout


class Says:
    """Pods that print the same, or fail."""

    def __init__(self, code: int = 0, printed: str = "", error: Exception | None = None):
        self.code, self.printed, self.error = code, printed, error

    def run_with_line(self, pod, container, command, line, seconds):
        if self.error:
            raise self.error
        return self.code, self.printed


def test_a_python_with_nothing_else_answers_as_the_module_does():
    (answers, failed) = readiness_pods.ask(Here(), {"worker-1": "probe-1"}, OPTIONS, 60)
    assert failed == []
    here = evaluate.evaluate(observe.observe(OPTIONS), OPTIONS)
    (found,) = answers
    assert found["node"] == "worker-1"
    assert found["host"]["boot_id"] == here["host"]["boot_id"]
    assert found["drivers"]["modern_ebpf"]["verdict"] == here["drivers"]["modern_ebpf"]["verdict"]
    names = [check["name"] for check in here["drivers"]["modern_ebpf"]["checks"]]
    assert [check["name"] for check in found["drivers"]["modern_ebpf"]["checks"]] == names


def test_words_beside_the_answer_do_no_harm():
    answers, failed = readiness_pods.ask(Says(0, f"a warning\n{json.dumps(FOUND)}\n"), {"a": "p"}, OPTIONS, 60)
    assert (answers, failed) == ([{"node": "a", **FOUND}], [])


@pytest.mark.parametrize(
    ("commands", "reason"),
    [
        (Says(1, "Traceback\nImportError: no ctypes"), "python3 in the pod ended with 1: ImportError: no ctypes"),
        (Says(-1, "it took more than 60 seconds"), "it took more than 60 seconds"),
        (Says(0, ""), "python3 in the pod ended with 0: it printed nothing"),
        (Says(0, "null"), "python3 in the pod ended with 0: null"),
        (Says(0, "{}"), "python3 in the pod ended with 0: {}"),
        (Says(error=readiness_pods.ApiException(403, "Forbidden")), "(403) Reason: Forbidden"),
        (Says(error=readiness_pods.WebSocketException("gone")), "gone"),
    ],
)
def test_no_answer_is_told_with_its_reason(commands, reason):
    assert readiness_pods.ask(commands, {"a": "p"}, OPTIONS, 60) == ([], [{"node": "a", "reason": reason}])


def test_each_node_is_asked():
    pods = {f"worker-{number}": f"p{number}" for number in range(40)}
    answers, failed = readiness_pods.ask(Says(0, json.dumps(FOUND)), pods, OPTIONS, 60)
    assert [found["node"] for found in answers] == sorted(pods) and failed == []


class Time:
    def __init__(self):
        self.now = 0.0

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def wait(looks, nodes=("a", "b"), seconds=10):
    """Looks one after the other, the last one for ever; an error is raised."""
    time, rest = Time(), list(looks)

    def look():
        found = rest.pop(0) if len(rest) > 1 else rest[0]
        if isinstance(found, Exception):
            raise found
        return found

    return readiness_pods.wait(look, list(nodes), seconds, time.clock, time.sleep), time.now


def test_it_waits_until_all_run_or_have_failed():
    found, seconds = wait([[], [pod("a")], [pod("a"), pod("b", "Pending")], [pod("a"), pod("b", "Failed")]])
    assert seconds == 3
    assert {node: readiness_pods.phase(one) for node, one in found.items()} == {"a": "Running", "b": "Failed"}


def test_it_waits_no_longer_than_it_may():
    found, seconds = wait([[pod("a")]])
    assert (found["b"], seconds) == (None, 10)


def test_an_api_server_that_answers_again_is_no_trouble():
    found, _seconds = wait([OSError("refused"), readiness_pods.HTTPError(), [pod("a"), pod("b")]])
    assert all(found.values())
    with pytest.raises(OSError, match="refused"):
        wait([[pod("a")], OSError("refused")])


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (None, "it was not created"),
        (pod("a", "Pending"), "it was not created"),
        (pod("a", "Failed", reason="Evicted", message="no memory"), "Evicted: no memory"),
        (pod("a", "Pending", **waiting("ImagePullBackOff", "Back-off")), "ImagePullBackOff: Back-off"),
        (
            pod("a", "Failed", containerStatuses=[{"state": {"terminated": {"reason": "StartError"}}}]),
            "StartError",
        ),
    ],
)
def test_why_a_pod_does_not_run(one, reason):
    assert readiness_pods.reason(one) == reason


def test_the_module_tells_of_each_node():
    class Cluster:
        def pods(self):
            return [pod("a"), pod("b", "Failed", reason="Evicted")]

    params = OPTIONS | {"start_timeout": 0, "timeout": 60}
    found = readiness_pods.look(Cluster(), Says(0, json.dumps(FOUND)), params, ["b", "a"])
    assert found == {
        "nodes": [{"node": "a", **FOUND}],
        "not_started": [{"node": "b", "reason": "Evicted"}],
        "unanswered": [],
    }
