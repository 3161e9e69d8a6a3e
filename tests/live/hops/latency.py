# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Latency of a log line: from the moment that the node's container runtime wrote it to an answer of Grafana's that has it."""

from __future__ import annotations

import contextlib
import json
import random
import statistics
import subprocess
import time
import typing as t
import urllib.parse
import uuid

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import Grafana

from live.lab_cluster import KUBECTL, kubectl
from live.tls.questions import found_grafana

_NAMESPACE = "monitoring"
_EVERY_SECONDS = 0.05
_LATE_SECONDS = 60
# The agent looks at its files in a rhythm; lines come at any moment of it.
_PAUSE_SECONDS = (0.3, 1.3)


@contextlib.contextmanager
def _writer(image: str) -> t.Iterator[tuple[str, t.Callable[[str], None]]]:
    """A pod's name, and what has it print a line."""
    name = f"latency-{uuid.uuid4().hex[:8]}"
    container = {"name": "writer", "image": image, "command": ["cat"], "stdin": True}
    spec = {"containers": [container], "terminationGracePeriodSeconds": 0, "automountServiceAccountToken": False}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": _NAMESPACE}, "spec": spec}
    kubectl("apply", "-f", "-", input=json.dumps(pod))
    try:
        kubectl("wait", "--namespace", _NAMESPACE, "--for=condition=Ready", f"pod/{name}", "--timeout=60s")
        command = [*KUBECTL, "attach", "--stdin", "--quiet", "--namespace", _NAMESPACE, name]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as attached:
            yield name, lambda line: print(line, file=attached.stdin, flush=True)
            attached.terminate()
    finally:
        kubectl("delete", "pod", "--namespace", _NAMESPACE, name)


def _found(grafana: Grafana, pod: str, line: str) -> float | None:
    """When the line was written, if Grafana shows it; the node's clock is this machine's."""
    query = {"query": f'{{namespace="{_NAMESPACE}", pod="{pod}"}} |= "{line}"', "since": "1h", "limit": 1}
    path = f"/api/datasources/proxy/uid/loki/loki/api/v1/query_range?{urllib.parse.urlencode(query)}"
    result = grafana.request("GET", path)["data"]["result"]
    return int(result[0]["values"][0][0]) / 1e9 if result else None


def measured(image: str, count: int) -> list[float]:
    """Seconds of so many lines, one after the other."""
    seconds: list[float] = []
    grafana = found_grafana(_LATE_SECONDS)
    with _writer(image) as (pod, write):
        # The agent finds a new file some time after it was made: the first lines are not counted.
        for number in range(-2, count):
            line = f"latency line {number + 1000}"
            write(line)
            end = time.monotonic() + _LATE_SECONDS
            while (written := _found(grafana, pod, line)) is None:
                assert time.monotonic() < end, f"{line} was not seen within {_LATE_SECONDS} s"
                time.sleep(_EVERY_SECONDS)
            seen = time.time() - written
            if number >= 0:
                seconds.append(seen)
            time.sleep(random.uniform(*_PAUSE_SECONDS))
    return seconds


def row(title: str, seconds: list[float]) -> str:
    median, tenth = statistics.median(seconds), statistics.quantiles(seconds, n=10)[-1]
    return f"{title:<14} {len(seconds)} lines: median {median:.2f} s, 90th percentile {tenth:.2f} s, worst {max(seconds):.2f} s"
