# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's network plugin enforces no policy. Here kube-network-policies (kubernetes-sigs) decides on each new connection between pods.

It gets packets by a queue of netfilter's. Its own nftables rules need the kernel's nft_queue, so iptables hands the packets over: what is
forwarded on the node, behind the translation of a Service's address. What the node itself sends, such as a probe, is not forwarded.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from pathlib import Path

from live.alerts.stack import wait
from live.lab_cluster import CONTEXT, kubectl, run

PARTS = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "runtime-security" / "lab" / "parts"
NAMESPACE = NAME = "policies-test"
QUEUE = "100"
_RULE = ["FORWARD", "-m", "conntrack", "--ctstate", "NEW", "-j", "NFQUEUE", "--queue-num", QUEUE]
_METADATA = {"name": NAME, "namespace": NAMESPACE}
_READ = ["get", "list", "watch"]
_RIGHTS = [
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _METADATA},
    {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": NAME},
        "rules": [
            {"apiGroups": [""], "resources": ["pods", "namespaces", "nodes"], "verbs": _READ},
            {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": _READ},
        ],
    },
    {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": NAME},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": NAME},
        "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}],
    },
]


def _pod(image):
    container = {
        "name": "engine",
        "image": image,
        "command": [
            f"/{NAME}/engine",
            "--disable-nri",
            "--nfqueue-id",
            QUEUE,
            "--metrics-bind-address",
            "127.0.0.1:9080",
        ],
        "securityContext": {"privileged": True},
        "volumeMounts": [{"name": "program", "mountPath": f"/{NAME}"}],
    }
    spec = {
        "serviceAccountName": NAME,
        "hostNetwork": True,
        "terminationGracePeriodSeconds": 0,
        "containers": [container],
        "volumes": [{"name": "program", "hostPath": {"path": f"/{NAME}"}}],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {**_METADATA, "name": "engine"}, "spec": spec}


def in_node(*command):
    return run(["docker", "exec", CONTEXT, *command])


def _queued():
    """Whether somebody takes packets from the queue."""
    done = subprocess.run(
        ["docker", "exec", CONTEXT, "cat", "/proc/net/netfilter/nfnetlink_queue"],
        capture_output=True,
        text=True,
        check=False,
    )
    return any(line.split()[:1] == [QUEUE] for line in done.stdout.splitlines())


@contextlib.contextmanager
def steered():
    """Packets go to the engine while the block runs; without one they are dropped."""
    in_node("iptables", "-I", *_RULE)
    try:
        yield
    finally:
        in_node("iptables", "-D", *_RULE)


@contextlib.contextmanager
def running(image):
    """The engine in a pod of the node, and its namespace."""
    in_node("mkdir", "-p", f"/{NAME}")
    run(["docker", "cp", PARTS / "network-policies" / "engine", f"{CONTEXT}:/{NAME}/engine"])
    try:
        kubectl(
            "apply", "-f", "-", input=json.dumps({"apiVersion": "v1", "kind": "List", "items": [*_RIGHTS, _pod(image)]})
        )
        wait("the engine takes packets", _queued, 60)
        yield
    finally:
        kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")
        kubectl("delete", "clusterrole,clusterrolebinding", NAME, "--ignore-not-found")
        in_node("rm", "-r", f"/{NAME}")
