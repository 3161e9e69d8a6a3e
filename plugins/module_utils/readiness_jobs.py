# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Jobs of the readiness check, one for each node, and their namespace. Private to the collection."""

from __future__ import annotations

import hashlib
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import k8s_namespace, k8s_objects
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.object_comparison import holds
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.owned_objects import OWNER, is_ending
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

LABELS = {"app.kubernetes.io/name": "ebpf-readiness", **OWNER}
SELECTOR = ",".join(f"{name}={value}" for name, value in LABELS.items())
CONTAINER = "probe"
# The host's folders that Falco's chart mounts, its processes, and for the driver loader kernel headers and modules; and where.
HOST_ROOT = "/host"
_FOLDERS = ("/boot", "/etc", "/lib/modules", "/proc", "/usr")
# The chart's driver.sysfsMountPath: tracefs and debugfs.
_SYSFS = "/sys/kernel"
# What the chart gives its own container, so that the pod meets the same limits.
_LEAST = {"capabilities": {"add": ["BPF", "SYS_RESOURCE", "PERFMON", "SYS_PTRACE"]}}
_UNCONFINED = {f"container.apparmor.security.beta.kubernetes.io/{CONTAINER}": "unconfined"}
# Where the cluster's default would refuse privileged pods, Falco's own namespace needs this too.
_NAMESPACE_LABELS = {"pod-security.kubernetes.io/enforce": "privileged"}


def definition(node: str, namespace: str, image: str, least_privilege: bool, lifetime: int) -> dict:
    """The Job of a node. Unlike a pod it goes away by itself when a run is interrupted."""
    mounts = [{"name": "sysfs", "mountPath": _SYSFS, "readOnly": True}]
    volumes = [{"name": "sysfs", "hostPath": {"path": _SYSFS}}]
    for number, folder in enumerate(_FOLDERS, 1):
        mounts.append({"name": f"host-{number}", "mountPath": HOST_ROOT + folder, "readOnly": True})
        volumes.append({"name": f"host-{number}", "hostPath": {"path": folder}})
    container = {
        "name": CONTAINER,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-c", f"import time; time.sleep({lifetime})"],
        "securityContext": _LEAST if least_privilege else {"privileged": True},
        "volumeMounts": mounts,
    }
    pod = {
        # Past the scheduler: a node is checked whatever its taints and its load.
        "nodeName": node,
        "tolerations": [{"operator": "Exists"}],
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 0,
        "automountServiceAccountToken": False,
        "containers": [container],
        "volumes": volumes,
    }
    name = f"probe-{hashlib.sha256(node.encode()).hexdigest()[:16]}"
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": namespace, "labels": LABELS},
        "spec": {
            "activeDeadlineSeconds": lifetime,
            # Not at once: a pod that ended tells why.
            "ttlSecondsAfterFinished": lifetime,
            "backoffLimit": 0,
            "template": {
                "metadata": {"labels": LABELS, "annotations": _UNCONFINED if least_privilege else {}},
                "spec": pod,
            },
        },
    }


class Cluster:
    """The pods of the Jobs."""

    def __init__(self, client: t.Any, namespace: str) -> None:
        self._client, self._namespace = client, namespace

    def pods(self) -> list[dict]:
        resource = self._client.resource("Pod", "v1")
        found = self._client.get(resource, namespace=self._namespace, label_selector=SELECTOR)
        return found.to_dict()["items"]


class Jobs:
    """The Jobs in a cluster."""

    def __init__(self, reader: Reader, params: dict) -> None:
        """params are those of ebpf_readiness_pods_info."""
        self._reader, self._params = reader, params
        self._namespace = params["namespace"]

    def nodes(self) -> list[str]:
        """Names of the nodes to check; raises WorkError for names that no Linux node has."""
        listed = self._reader.all("Node", "v1", labels="kubernetes.io/os=linux", metadata_only=True)
        names = sorted(one["metadata"]["name"] for one in listed)
        asked = self._params["nodes"]
        missing = [name for name in asked if name not in names]
        if missing:
            raise WorkError(
                f"ebpf_readiness_nodes: no Linux node of the cluster ('{', '.join(missing)}'). Expected names of {', '.join(names)}. "
                "Nothing was changed. Fix: remove these from the list, or leave it empty for all nodes."
            )
        return asked or names

    def started(self, nodes: list[str]) -> bool:
        """Whether an earlier task has started just these Jobs, and none of them has ended."""
        running = {
            one["metadata"]["name"]: one
            for one in self._reader.all("Job", "batch/v1", self._namespace, SELECTOR)
            if not is_ending(one) and not (one.get("status") or {}).get("conditions")
        }
        return all(holds(running.get(one["metadata"]["name"]), one) for one in self._definitions(nodes))

    def start(self, nodes: list[str]) -> None:
        """Start a Job for each node, in a namespace that allows it."""
        k8s_namespace.present(self._reader, self._of_namespace(), Mode())
        # What an interrupted run left would neither take another image nor start again.
        self.remove()
        options = {"owner": LABELS, "state": "created", "wait_timeout": self._params["start_timeout"]}
        k8s_objects.write(self._reader, self._definitions(nodes), options)

    def remove(self, dry: bool = False) -> bool:
        """Remove all Jobs with our labels; whether there was one. Returns once their pods are gone."""
        every = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"namespace": self._namespace, "labels": LABELS}}
        options = {"owner": LABELS, "wait": True, "wait_timeout": self._params["start_timeout"]}
        return bool(k8s_objects.remove(self._reader, [every], options, dry))

    def remove_namespace(self, mode: Mode) -> dict:
        """Remove the namespace, if it is ours and nobody has something in it; the result of k8s_namespace."""
        return k8s_namespace.absent(self._reader, self._of_namespace(), mode)

    def _definitions(self, nodes: list[str]) -> list[dict]:
        words = {name: self._params[name] for name in ("namespace", "image", "least_privilege", "lifetime")}
        return [definition(node, **words) for node in nodes]

    def _of_namespace(self) -> dict:
        named = {"name": self._namespace, "labels": _NAMESPACE_LABELS, "owner": OWNER, "removed_releases": []}
        return {**named, "wait_timeout": self._params["start_timeout"]}
