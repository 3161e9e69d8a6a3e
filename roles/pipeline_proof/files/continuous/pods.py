# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pods that do what the rules report: one on each node, for one round, with the least a pod can have."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

from kubernetes_api import Api, ApiError

CONTAINER = "trigger"
_EVERY_SECONDS = 0.5
_START_SECONDS = 60
# Falco learns a new container's names a moment after its first event.
_NAMES_SECONDS = 2


def labels_of(instance: str) -> dict[str, str]:
    """Those of the pods of one installation, by its namespace of Falco."""
    return {
        "app.kubernetes.io/managed-by": "runtime_security.kubernetes",
        "app.kubernetes.io/name": "continuous-proof-trigger",
        "app.kubernetes.io/instance": instance,
    }


def pod_name(node: str) -> str:
    """The same in each round: the receiver keeps a counter for each name that it ever saw."""
    return f"proof-{hashlib.sha256(node.encode()).hexdigest()[:16]}"


def definition(
    node: str, marker: str, rules: list[str], image: str, programs: str, lifetime: int, instance: str
) -> dict[str, Any]:
    """programs is the ConfigMap with this program's files."""
    name = pod_name(node)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels_of(instance)},
        "spec": {
            # Past the scheduler: a node is proven whatever its taints and its load.
            "nodeName": node,
            "tolerations": [{"operator": "Exists"}],
            "activeDeadlineSeconds": lifetime,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 65534,
                "runAsGroup": 65534,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [
                {
                    "name": CONTAINER,
                    "image": image,
                    "imagePullPolicy": "IfNotPresent",
                    "command": ["sh", "-c", f"echo {marker} {name}; exec sleep {lifetime}"],
                    # Not among the arguments, which would be in every event.
                    "env": [{"name": "PROOF_RULES", "value": json.dumps(rules)}],
                    "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}},
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "capabilities": {"drop": ["ALL"]},
                        "readOnlyRootFilesystem": True,
                    },
                    "volumeMounts": [
                        {"name": "programs", "mountPath": "/programs", "readOnly": True},
                        {"name": "permissions", "mountPath": "/etc/sudoers.d"},
                        {"name": "links", "mountPath": "/tmp"},
                    ],
                }
            ],
            "volumes": [
                {"name": "programs", "configMap": {"name": programs}},
                {"name": "permissions", "emptyDir": {"sizeLimit": "1Mi"}},
                {"name": "links", "emptyDir": {"sizeLimit": "1Mi"}},
            ],
        },
    }


class Pods:
    """Those of one namespace."""

    def __init__(self, api: Api, namespace: str, image: str, programs: str, instance: str) -> None:
        self._api, self._image, self._programs, self._instance = api, image, programs, instance
        self._namespace, self._path = namespace, f"/api/v1/namespaces/{namespace}/pods"

    def nodes(self) -> list[str]:
        found = self._api.call("GET", "/api/v1/nodes?labelSelector=kubernetes.io/os%3Dlinux")
        return sorted(node["metadata"]["name"] for node in found["items"])

    def start(self, node: str, marker: str, rules: list[str], lifetime: int) -> None:
        """Create the node's pod and wait until it runs; raises ApiError where it does not."""
        self.remove(node)
        self._api.call(
            "POST", self._path, definition(node, marker, rules, self._image, self._programs, lifetime, self._instance)
        )
        self._wait(node, lambda pod: bool(pod) and pod["status"].get("phase") != "Pending")
        pod = self._get(node)
        if not pod or pod["status"].get("phase") != "Running":
            raise ApiError(f"pod {pod_name(node)} ended: {state_of(pod)}")
        time.sleep(_NAMES_SECONDS)

    def trigger(self, node: str, marker: str) -> tuple[dict[str, str], float]:
        """Errors by rule, '' for none; and the CPU time it took, in seconds."""
        # The shell stays for a moment: a sensor may look the process up.
        shell = f"python3 -B /programs/triggers.py {marker}; sleep 1"
        printed = self._api.run_on_terminal(self._namespace, pod_name(node), ["sh", "-c", shell])
        try:
            found = json.loads(printed)
            return found["errors"], float(found["cpu_seconds"])
        except (ValueError, KeyError, TypeError):
            raise ApiError(f"pod {pod_name(node)} printed {printed.strip()[-500:]!r}") from None

    def remove(self, node: str) -> None:
        """Remove the node's pod, and wait until its name is free."""
        if self._delete(node):
            self._wait(node, lambda pod: pod is None)

    def remove_all(self) -> None:
        labels = "%2C".join(
            f"{name}%3D{value}".replace("/", "%2F") for name, value in labels_of(self._instance).items()
        )
        self._api.call("DELETE", f"{self._path}?labelSelector={labels}&gracePeriodSeconds=0")

    def _delete(self, node: str) -> bool:
        try:
            self._api.call("DELETE", f"{self._path}/{pod_name(node)}?gracePeriodSeconds=0")
        except ApiError as error:
            if error.status != 404:
                raise
            return False
        return True

    def _get(self, node: str) -> dict[str, Any] | None:
        try:
            return self._api.call("GET", f"{self._path}/{pod_name(node)}")
        except ApiError as error:
            if error.status != 404:
                raise
            return None

    def _wait(self, node: str, reached: Any) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not reached(pod := self._get(node)):
            if time.monotonic() > deadline:
                raise ApiError(f"pod {pod_name(node)} on node {node}: {state_of(pod)} after {_START_SECONDS} s")
            time.sleep(_EVERY_SECONDS)


def state_of(pod: dict[str, Any] | None) -> str:
    """Why a pod does not run, in the words of the cluster."""
    status = (pod or {}).get("status") or {}
    for container in status.get("containerStatuses") or []:
        state = (container.get("state") or {}).get("waiting") or (container.get("state") or {}).get("terminated") or {}
        if state:
            return f"{state.get('reason', 'unknown')} {state.get('message', '')}".strip()
    return f"{status.get('reason') or status.get('phase', 'not there')} {status.get('message', '')}".strip()
