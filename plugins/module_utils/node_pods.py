# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks nodes where the machine's /proc is, by a pod on each, and remembers the answers. Private to the collection."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.ebpf.host_proc import make_view
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.rollout import HOPELESS_ONCE

try:
    from kubernetes.dynamic.exceptions import NotFoundError
except ImportError:
    # The module says what is missing.
    NotFoundError = OSError

COMPONENT = {"app.kubernetes.io/component": "node-host-proc"}
_EVERY_SECONDS = 0.3
# What host_proc.observe does, for a node of which nothing is known but that it starts pods. A line for each mounted /proc: its path, the
# PID namespace, and yes or no to: kthreadd, process 1, cgroups through process 1, cgroups through process 2.
SCRIPT = r"""
cgroups() {
  test -d "$1/root/." || { echo no; return; }
  answer=yes
  while read -r device path kind rest; do
    test "$kind" = cgroup2 || continue
    answer=yes
    controllers=$(cat "$1/root$path/cgroup.controllers" 2> /dev/null) || answer=no
    test -z "$controllers" || break
  done < "$1/mounts"
  echo $answer
}
look() {
  link=$(readlink "$2/1/ns/pid" || readlink "$2/2/ns/pid" || echo none)
  threads=no init=no
  test "$(cat "$2/2/comm" 2> /dev/null)" = kthreadd && test -z "$(cat "$2/2/cmdline")" && threads=yes
  test -d "$2/1" && init=yes
  echo "$1 $link $threads $init $(cgroups "$2/1") $(cgroups "$2/2")"
}
{
  look /proc /host/proc
  while read -r device path kind rest; do
    case $kind:$path in
      proc:/proc | proc:/proc/*) ;;
      proc:*) look "$path" "/host/proc/1/root$path" ;;
    esac
  done < /host/proc/1/mounts
} > /dev/termination-log 2> /dev/null
"""


def pod(node: str, namespace: str, image: str, labels: dict, seconds: int) -> dict:
    """The pod that asks a node: privileged, as Falco is, with the node's /proc where Falco's chart has it."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": "node-host-proc-", "namespace": namespace, "labels": {**labels, **COMPONENT}},
        "spec": {
            # Past the scheduler: a node answers whatever its taints and its load.
            "nodeName": node,
            "tolerations": [{"operator": "Exists"}],
            "restartPolicy": "Never",
            "activeDeadlineSeconds": seconds,
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "containers": [
                {
                    "name": "look",
                    "image": image,
                    "imagePullPolicy": "IfNotPresent",
                    "command": ["sh", "-c", SCRIPT],
                    "securityContext": {"privileged": True},
                    "volumeMounts": [{"name": "proc", "mountPath": "/host/proc", "readOnly": True}],
                }
            ],
            "volumes": [{"name": "proc", "hostPath": {"path": "/proc"}}],
        },
    }


def read_answer(text: str) -> list[dict] | None:
    """The views in what a pod has written; None when that is something else."""
    views = []
    for line in text.splitlines():
        words = line.split()
        if len(words) != 6 or any(word not in ("yes", "no") for word in words[2:]):
            return None
        said = [word == "yes" for word in words[2:]]
        views.append(make_view(words[0], None if words[1] == "none" else words[1], *said))
    return views or None


def ended(pod: dict) -> tuple[bool, list[dict] | None]:
    """Whether a pod has nothing more to say, and the views that it found."""
    status = pod.get("status") or {}
    for container in status.get("containerStatuses") or []:
        state = container.get("state") or {}
        if state.get("terminated"):
            return True, read_answer(state["terminated"].get("message") or "")
        if (state.get("waiting") or {}).get("reason") in HOPELESS_ONCE:
            return True, None
    return status.get("phase") in ("Failed", "Succeeded"), None


def ready(node: dict) -> bool:
    conditions = node["status"].get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def identity(node: dict) -> dict:
    """What changes when a node is made again or its machine is booted again."""
    return {"uid": node["metadata"]["uid"], "boot": node["status"]["nodeInfo"]["bootID"]}


def known(data: dict, nodes: dict) -> dict:
    """Views by node from the ConfigMap's data, of those nodes alone that are the same as then."""
    kept = {}
    for name, node in nodes.items():
        try:
            entry = json.loads(data.get(name) or "{}")
        except ValueError:
            continue
        if entry.get("node") == identity(node) and entry.get("views"):
            kept[name] = entry["views"]
    return kept


def record(found: dict, nodes: dict) -> dict:
    """The ConfigMap's data."""
    return {
        name: json.dumps({"node": identity(nodes[name]), "views": found[name]}, sort_keys=True)
        for name in sorted(nodes)
        if found.get(name)
    }


def ask(
    cluster: Cluster,
    names: list[str],
    image: str,
    labels: dict,
    seconds: int,
    clock: t.Callable[[], float],
    sleep: t.Callable[[float], None],
) -> dict:
    """Views by node, None for one that did not answer in time."""
    found: dict = dict.fromkeys(names)
    cluster.remove_pods()
    try:
        waiting = {cluster.start(pod(name, cluster.namespace, image, labels, seconds)): name for name in names}
        deadline = clock() + seconds
        while waiting and clock() < deadline:
            sleep(_EVERY_SECONDS)
            for each in cluster.pods():
                over, views = ended(each)
                if over and each["metadata"]["name"] in waiting:
                    found[waiting.pop(each["metadata"]["name"])] = views
    finally:
        cluster.remove_pods()
    return found


class Cluster:
    """What is asked of the API server. Returns plain dictionaries."""

    def __init__(self, client: t.Any, namespace: str, config_map: str, labels: dict) -> None:
        self._client, self._labels = client, labels
        self.namespace, self._config_map = namespace, config_map

    def _resource(self, kind: str) -> t.Any:
        return self._client.resource(kind, "v1")

    def nodes(self) -> dict:
        listed = self._client.get(self._resource("Node"), label_selector="kubernetes.io/os=linux").to_dict()["items"]
        return {node["metadata"]["name"]: node for node in listed}

    def read(self) -> dict:
        try:
            found = self._client.get(self._resource("ConfigMap"), name=self._config_map, namespace=self.namespace)
        except NotFoundError:
            return {}
        return found.to_dict().get("data") or {}

    def write(self, data: dict) -> None:
        definition = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": self._config_map, "namespace": self.namespace, "labels": self._labels},
            "data": data,
        }
        resource = self._resource("ConfigMap")
        try:
            self._client.get(resource, name=self._config_map, namespace=self.namespace)
        except NotFoundError:
            self._client.create(resource, definition, namespace=self.namespace)
        else:
            self._client.replace(resource, definition, name=self._config_map, namespace=self.namespace)

    def start(self, definition: dict) -> str:
        return self._client.create(self._resource("Pod"), definition, namespace=self.namespace).to_dict()["metadata"][
            "name"
        ]

    def pods(self) -> list[dict]:
        selector = ",".join(f"{name}={value}" for name, value in COMPONENT.items())
        return self._client.get(self._resource("Pod"), namespace=self.namespace, label_selector=selector).to_dict()[
            "items"
        ]

    def remove_pods(self) -> None:
        for each in self.pods():
            try:
                self._client.delete(
                    self._resource("Pod"),
                    name=each["metadata"]["name"],
                    namespace=self.namespace,
                    body={"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0},
                )
            except NotFoundError:
                continue
