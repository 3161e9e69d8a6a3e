# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `minikube status` says of a profile, where that is clear.

Facts about its output and exit code, a sum of 1 (host), 2 (cluster) and 4 (kubeconfig): cmd/minikube/cmd/status.go and
pkg/minikube/cluster/status.go at v1.38.1. It prints null for a node that it cannot ask, be it gone or only slow.
"""

from __future__ import annotations

import json
from typing import NamedTuple

RUNNING, UNLINKED, STOPPED, DEGRADED, UNKNOWN = "running", "unlinked", "stopped", "degraded", "unknown"
# What may pass by itself.
PASSING = (DEGRADED, UNKNOWN)
_STOPPED_HOSTS = ("Stopped", "Saved")
_UNKNOWN_HOSTS = (None, "", "None", "Nonexistent", "Error", "Timeout")


class State(NamedTuple):
    """A state of a profile and the words that it comes from."""

    name: str
    words: str = ""


def read_status(answer, names):
    """The State of a profile with nodes of these names, from the Answer of C(minikube status --output json)."""
    if answer.rc is None:
        return State(UNKNOWN, "minikube status: %s" % answer.words())
    try:
        status = json.loads(answer.stdout)
    except ValueError:
        return State(UNKNOWN, "minikube status: %s" % answer.words())
    nodes = status if isinstance(status, list) else [status]
    if not all(isinstance(node, dict) for node in nodes) or sorted(str(node.get("Name")) for node in nodes) != sorted(
        names
    ):
        said = "%s %s" % (" ".join(answer.stdout.split())[:200], " ".join(answer.stderr.split())[-400:])
        return State(UNKNOWN, "minikube status: %s (expected: %s)" % (said.strip(), ", ".join(names)))
    words = "minikube status: %s" % "; ".join(map(_words, nodes))
    hosts = [node.get("Host") for node in nodes]
    if any(host in _UNKNOWN_HOSTS for host in hosts):
        return State(UNKNOWN, "%s. %s" % (words, " ".join(answer.stderr.split())[-400:]))
    if all(host in _STOPPED_HOSTS for host in hosts):
        return State(STOPPED, words)
    servers = [node for node in nodes if not node.get("Worker")]
    if not servers:
        return State(UNKNOWN, words)
    healthy = all(host == "Running" for host in hosts) and all(node.get("Kubelet") == "Running" for node in nodes)
    if not healthy or any(node.get("APIServer") != "Running" for node in servers):
        return State(DEGRADED, words)
    linked = all(node.get("Kubeconfig") == "Configured" for node in servers)
    if (answer.rc == 0) != linked:
        return State(UNKNOWN, "%s, with exit code %d" % (words, answer.rc))
    return State(RUNNING if linked else UNLINKED, words)


def _words(node):
    return "%s: host %s, kubelet %s, API server %s, kubeconfig %s" % tuple(
        node.get(key) for key in ("Name", "Host", "Kubelet", "APIServer", "Kubeconfig")
    )
