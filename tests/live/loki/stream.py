# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pod that writes numbered lines, and what of them is in Loki."""

from __future__ import annotations

import collections
import time
import typing as t
import uuid
from types import TracebackType

from kubernetes.client.rest import ApiException

from .cluster import Cluster

# Bursts of lines, one burst a second. The pod stays: its log file goes with it.
SCRIPT = """
number=1
while [ $number -le {lines} ]; do
  last=$((number + {burst} - 1))
  [ $last -le {lines} ] || last={lines}
  while [ $number -le $last ]; do
    echo numbered line $number
    number=$((number + 1))
  done
  sleep 1
done
echo end of the stream
sleep 3600
"""


class Stream:
    """``lines`` numbered lines, about evenly over ``seconds``."""

    def __init__(self, cluster: Cluster, image: str, lines: int, seconds: float) -> None:
        self.cluster, self.image, self.lines = cluster, image, lines
        self.script = SCRIPT.format(lines=lines, burst=-(-lines // max(1, int(seconds))))
        self.name = f"stream-{uuid.uuid4().hex[:8]}"
        self.query = f'{{namespace="{cluster.namespace}", pod="{self.name}"}} |= "numbered line"'
        self.started = 0

    def __enter__(self) -> Stream:
        container = {
            "name": "stream",
            "image": self.image,
            "imagePullPolicy": "IfNotPresent",
            "command": ["/bin/sh", "-c", self.script],
        }
        spec = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 0, "containers": [container]}
        pod = {"metadata": {"name": self.name, "labels": {"app": "stream"}}, "spec": spec}
        self.started = int(time.time()) - 5
        self.cluster.core.create_namespaced_pod(self.cluster.namespace, pod)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.cluster.core.delete_namespaced_pod(self.name, self.cluster.namespace, grace_period_seconds=0)

    def written(self) -> int:
        """How many lines the pod has written by now."""
        try:
            log = self.cluster.core.read_namespaced_pod_log(self.name, self.cluster.namespace, tail_lines=1)
        except ApiException:  # the container is yet to start
            return 0
        last = (log or "").strip()
        return self.lines if last.startswith("end") else int(last.rsplit(" ", 1)[-1] or 0)

    def arrived(self) -> collections.Counter[int]:
        """How often each number is among the lines that Loki returns."""
        found = lines(self.cluster, self.query, self.started)
        return collections.Counter(int(line.rsplit(" ", 1)[-1]) for line in found)


def lines(cluster: Cluster, query: str, started: int) -> t.Iterator[str]:
    """All lines that Loki has of a query since then."""
    # A query returns so many lines at most; half a minute of a test is fewer.
    for begin in range(started, int(time.time()) + 1, 30):
        answer = cluster.loki("query_range", query=query, start=begin, end=begin + 30, limit=5000, direction="forward")
        found = [value[1] for stream in answer["data"]["result"] for value in stream["values"]]
        assert len(found) < 5000, "the query was truncated"
        yield from found
