# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pods that write numbered lines as their commands say, and which of the lines are in Loki, how often and in what order."""

from __future__ import annotations

import collections
import itertools
import re
import time
import typing as t
import uuid
from types import TracebackType

from .cluster import Cluster

NUMBER = re.compile(r"numbered line (\d+)\b")
PAGE = 5000


class Found(t.NamedTuple):
    """What Loki has of the lines: each number's count, and how many lines come after one with a higher number."""

    counts: collections.Counter[int]
    out_of_order: int


def numbered(first: int, last: int, pause: str = "", padding: int = 0) -> str:
    """A command of the shell that writes these lines."""
    text = " " + "x" * padding if padding else ""
    return f"i={first}; while [ $i -le {last} ]; do echo numbered line $i{text}; i=$((i+1)); {pause}{';' if pause else ''} done"


class Writers:
    """``count`` pods of one command, which stay until they are left: the kubelet removes the files of a pod that goes."""

    def __init__(self, cluster: Cluster, image: str, command: str, count: int = 1, **spec: t.Any) -> None:
        self.cluster, self.started = cluster, 0
        prefix = f"writer-{uuid.uuid4().hex[:8]}"
        self.names = [f"{prefix}-{number}" for number in range(count)]
        self.spec = {
            "terminationGracePeriodSeconds": 0,
            "restartPolicy": "Never",
            "containers": [
                {"name": "w", "image": image, "imagePullPolicy": "IfNotPresent", "command": ["/bin/sh", "-c", command]}
            ],
        } | spec
        for volume in spec.get("volumes", []):
            self.spec["containers"][0]["volumeMounts"] = [{"name": volume["name"], "mountPath": f"/{volume['name']}"}]

    def __enter__(self) -> Writers:
        self.started = time.time_ns()
        for name in self.names:
            pod = {"metadata": {"name": name, "labels": {"app": "writer"}}, "spec": self.spec}
            self.cluster.core.create_namespaced_pod(self.cluster.namespace, pod)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for name in self.names:
            self.cluster.core.delete_namespaced_pod(name, self.cluster.namespace, grace_period_seconds=0)

    def pods(self) -> list:
        read = self.cluster.core.read_namespaced_pod
        return [read(name, self.cluster.namespace) for name in self.names]

    def ended(self) -> bool:
        return all(pod.status.phase in ("Succeeded", "Failed") for pod in self.pods())

    def written(self) -> int:
        """By the kubelet's files: a node that restarts ends the writer."""
        read = self.cluster.core.read_namespaced_pod_log
        return sum(len(set(NUMBER.findall(read(name, self.cluster.namespace)))) for name in self.names)

    def counted(self) -> int:
        """How many lines have come, those that were sent twice counted twice: cheaper than what is found."""
        pods = self.names[0].rpartition("-")[0]
        query = (
            f'sum(count_over_time({{namespace="{self.cluster.namespace}", pod=~"{pods}-.+"}} |= "numbered line" [6h]))'
        )
        result = self.cluster.loki("query", query=query)["data"]["result"]
        return int(result[0]["value"][1]) if result else 0

    def found(self) -> list[Found]:
        return [self._found(name) for name in self.names]

    def _found(self, name: str) -> Found:
        query = f'{{namespace="{self.cluster.namespace}", pod="{name}"}} |= "numbered line"'
        entries: list[tuple[int, int]] = []
        start = self.started
        while True:
            answer = self.cluster.loki(
                "query_range", query=query, start=start, end=time.time_ns(), limit=PAGE, direction="forward"
            )
            page = sorted(
                (int(stamp), int(NUMBER.search(line)[1]))
                for stream in answer["data"]["result"]
                for stamp, line, *_metadata in stream["values"]
            )
            entries += page
            if len(page) < PAGE:
                break
            start = page[-1][0] + 1
        numbers = [number for _stamp, number in entries]
        return Found(
            collections.Counter(numbers), sum(later < earlier for earlier, later in itertools.pairwise(numbers))
        )
