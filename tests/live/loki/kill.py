#!/usr/bin/env python3
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills agent, Loki and Grafana in the middle of a stream of numbered lines, and counts what arrives.

Each argument of --kill is removed for --gap seconds, one after the other; names joined by '+' at the same time.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from live.loki.cluster import Cluster, wait_for
from live.loki.stream import Stream

BETWEEN = 10


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubeconfig")
    parser.add_argument("--context")
    parser.add_argument("--namespace", default="monitoring")
    parser.add_argument(
        "--image", required=True, help="an image with a shell and seq, for the pod that writes the lines"
    )
    parser.add_argument("--lines", type=int, default=5000)
    parser.add_argument("--gap", type=int, default=60, help="seconds each part is away")
    parser.add_argument("--kill", nargs="+", default=["agent", "loki", "grafana"])
    return parser.parse_args()


def take_away(cluster: Cluster, parts: str, gap: int, written: object) -> None:
    workloads = [workload for part in parts.split("+") for workload in cluster.workloads(part)]
    assert workloads, f"nothing of {parts} is in namespace {cluster.namespace}"
    began, before = time.monotonic(), written()
    restores = []
    try:
        restores = [cluster.kill(workload) for workload in workloads]
        time.sleep(max(0.0, gap - (time.monotonic() - began)))
    finally:
        for restore in restores:
            restore()
    away = time.monotonic() - began
    wait_for(f"{parts} again", lambda: all(cluster.ready(workload) for workload in workloads), 180)
    print(
        f"{parts}: killed at line {before}, away {away:.0f} s, ready again after {time.monotonic() - began:.0f} s",
        flush=True,
    )


def main() -> int:
    options = arguments()
    cluster = Cluster(options.kubeconfig, options.context, options.namespace)
    seconds = len(options.kill) * (options.gap + 2 * BETWEEN) + BETWEEN
    with Stream(cluster, options.image, options.lines, seconds) as stream:
        wait_for("the stream's first line", stream.written, 60)
        for parts in options.kill:
            time.sleep(BETWEEN)
            take_away(cluster, parts, options.gap, stream.written)
        wait_for("the end of the stream", lambda: stream.written() == options.lines, seconds)
        ended = grown = time.monotonic()
        wait_for("Loki's answer", cluster.loki_answers, 60)
        numbers = stream.arrived()
        # What has not come while nothing came for so long is lost.
        while len(numbers) < options.lines and time.monotonic() - grown < 120:
            time.sleep(2)
            before, numbers = len(numbers), stream.arrived()
            if len(numbers) > before:
                grown = time.monotonic()
        caught_up = time.monotonic() - ended
        through_grafana = (
            cluster.lines_in_grafana(stream.query, stream.started) if cluster.workloads("grafana") else None
        )
    missing = options.lines - len(numbers)
    twice = sum(count - 1 for count in numbers.values())
    print(f"lines written {options.lines}, arrived {len(numbers)}, missing {missing}, more than once {twice}")
    print(f"all there {caught_up:.0f} s after the last was written; counted through Grafana: {through_grafana}")
    return 0 if (missing, twice) == (0, 0) and through_grafana in (None, options.lines) else 1


if __name__ == "__main__":
    sys.exit(main())
