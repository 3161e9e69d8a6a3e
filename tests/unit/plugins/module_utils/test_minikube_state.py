# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube_commands import Answer
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube_state import read_status

RUNNING = {"Name": "m", "Host": "Running", "Kubelet": "Running", "APIServer": "Running", "Kubeconfig": "Configured"}
WORKER = {"Name": "m-m02", "Host": "Running", "Kubelet": "Running", "APIServer": "Irrelevant", "Worker": True}


def state(rc, status, names=("m",)):
    return read_status(Answer(rc, status if isinstance(status, str) else json.dumps(status), "E: words"), names).name


@pytest.mark.parametrize(
    ("rc", "changes", "name"),
    [
        (0, {}, "running"),
        (2, {"APIServer": "Stopped"}, "degraded"),
        (2, {"APIServer": "Error"}, "degraded"),
        (2, {"APIServer": "Paused", "Kubelet": "Stopped"}, "degraded"),
        (2, {"Kubelet": "Stopped"}, "degraded"),
        (1, {"Host": "InsufficientStorage"}, "degraded"),
        (1, {"Host": "Starting"}, "degraded"),
        (7, {"Host": "Stopped", "Kubelet": "Stopped", "APIServer": "Stopped"}, "stopped"),
        (4, {"Kubeconfig": "Misconfigured"}, "unlinked"),
        (6, {"Kubeconfig": "Misconfigured", "APIServer": "Stopped"}, "degraded"),
        (7, {"Host": "Nonexistent", "Kubelet": "Nonexistent", "APIServer": "Nonexistent"}, "unknown"),
        (7, {"Host": "Error"}, "unknown"),
        (7, {"Host": ""}, "unknown"),
        (3, {}, "unknown"),
        (0, {"Kubeconfig": "Misconfigured"}, "unknown"),
        (0, {"Name": "other"}, "unknown"),
    ],
)
def test_status_becomes_a_state(rc, changes, name):
    assert state(rc, dict(RUNNING, **changes)) == name


def test_a_cluster_of_several_nodes_runs_when_all_do():
    names = ("m", "m-m02")
    assert state(0, [RUNNING, WORKER], names) == "running"
    assert state(2, [RUNNING, dict(WORKER, Kubelet="Stopped")], names) == "degraded"
    # One that is stopped is started by 'minikube node start'; a start of the profile restarts the runtime under the others.
    assert state(7, [RUNNING, dict(WORKER, Host="Stopped", Kubelet="Stopped")], names) == "degraded"


@pytest.mark.parametrize("half", [[RUNNING], [RUNNING, None], [None, WORKER], [RUNNING, RUNNING], [WORKER], RUNNING])
@pytest.mark.parametrize("rc", [0, 7])
def test_half_a_list_is_not_a_state(rc, half):
    assert state(rc, half, ("m", "m-m02")) == "unknown"


@pytest.mark.parametrize(
    "printed", ["null", "", "[]", "{}", "0", "panic: oh no", "<html>", '"Running"', "[[]]", "[null]"]
)
@pytest.mark.parametrize("rc", [0, 1, 7, 85, None])
def test_what_is_no_status_is_not_a_state(rc, printed):
    found = read_status(Answer(rc, printed, "E: words"), ("m",))
    assert found.name == "unknown" and "words" in found.words
