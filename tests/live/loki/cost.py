#!/usr/bin/env python3
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the log agents cost with the role's configuration, one after the other on this machine and into a Loki of its own.

CPU, memory and bytes written to the disk at each rate, and the time from a line's write to a query's answer.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import typing as t
import urllib.parse
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from live.loki import local
from live.loki.cluster import wait_for

TEXT = "of an application that says level=info and then a few words more about what it has just done, as most do"
TICK = 0.02
SAMPLES = 20  # lines whose way is timed, while the slower rate lasts


class Store:
    """A Loki of this machine."""

    def __init__(self, folder: Path) -> None:
        self.address = f"http://127.0.0.1:{(port := local.free_port())}"
        self.process = local.loki(folder, port).start()

    def query(self, path: str, **words: object) -> list:
        address = f"{self.address}/loki/api/v1/{path}?{urllib.parse.urlencode(words)}"
        with urllib.request.urlopen(address, timeout=30) as answer:
            return json.load(answer)["data"]["result"]

    def ready(self) -> bool:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{self.address}/ready", timeout=5).close()
            return True
        return False

    def count(self) -> int:
        result = self.query("query", query='sum(count_over_time({pod="p"}[1h]))')
        return int(result[0]["value"][1]) if result else 0

    def has(self, text: str) -> bool:
        start = time.time_ns() - 60 * 10**9
        return bool(self.query("query_range", query=f'{{pod="p"}} |= "{text}"', start=start, limit=1))


def write(file: t.BinaryIO, lines: int, rate: int, written: list[float]) -> None:
    """So many lines of a CRI runtime at this rate, and when each was written."""
    began = time.monotonic()
    while len(written) < lines:
        due = min(lines, int((time.monotonic() - began) * rate))
        if due == len(written):
            time.sleep(TICK)
            continue
        now = time.time_ns()
        seconds, rest = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now // 10**9)), now % 10**9
        numbers = range(len(written), due)
        text = "".join(
            f"{seconds}.{min(rest + n - numbers[0], 10**9 - 1):09}Z stdout F line {n:09} {TEXT}\n" for n in numbers
        )
        file.write(text.encode())
        file.flush()
        written += [time.monotonic()] * len(numbers)


def way(store: Store, written: list[float], lines: int) -> list[float]:
    """Seconds from the write of some lines to the answer of a query that has them."""
    seconds = []
    while len(written) < lines and len(seconds) < SAMPLES:
        number = len(written)
        wait_for("the next line", lambda: len(written) > number, 30)  # noqa: B023
        while not store.has(f"line {number:09}"):
            time.sleep(0.05)
        seconds.append(time.monotonic() - written[number])
        time.sleep(1)
    return seconds


def used(process: subprocess.Popen) -> tuple[float, int, int]:
    """CPU seconds, bytes written, and the most KiB of memory by now."""
    folder = Path(f"/proc/{process.pid}")
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    (written,) = (
        int(line.split()[1]) for line in (folder / "io").read_text().splitlines() if line.startswith("write_b")
    )
    (most,) = (
        int(line.split()[1]) for line in (folder / "status").read_text().splitlines() if line.startswith("VmHWM")
    )
    return (int(fields[11]) + int(fields[12])) / 100, written, most


def measure(agent: str, rate: int, lines: int, folder: Path) -> str:
    pod = folder / "pods" / "n_p_uid" / "c"
    for part in (pod, folder / "loki"):
        part.mkdir(parents=True)
    store = Store(folder / "loki")
    with store.process, (pod / "0.log").open("wb") as file:
        wait_for("Loki", store.ready, 120)
        if agent == "otel":
            places = {"/var/log/pods": folder / "pods"}
            program = local.collector(local.collector_config(folder), folder, places, f"{store.address}/otlp")
        else:
            program = local.promtail(folder, store.address)
        with program.start() as process:
            try:
                written: list[float] = []
                write(file, 1, 1, written)
                wait_for("the first line in Loki", lambda: store.count() == 1, 60)
                before = used(process)
                written.clear()
                writer = threading.Thread(target=write, args=(file, lines, rate, written))
                writer.start()
                seconds = way(store, written, lines) if lines / rate > SAMPLES * 2 else []
                writer.join()
                wait_for("all lines in Loki", lambda: store.count() == lines + 1, 120)
                cpu, disk, memory = used(process)
            finally:
                process.terminate()
                store.process.terminate()
    took = f"{statistics.median(seconds):.2f} / {max(seconds):.2f} s" if seconds else "-"
    per_line = (disk - before[1]) / lines
    return f"| {agent} | {rate:,} | {cpu - before[0]:.1f} s | {memory / 1024:.0f} MiB | {per_line:,.0f} B | {took} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", nargs="+", choices=("otel", "promtail"), default=["promtail", "otel"])
    parser.add_argument("--rates", nargs="+", type=int, default=[1000, 10000], help="lines a second")
    parser.add_argument("--lines", type=int, default=100000)
    options = parser.parse_args()
    print(f"{options.lines:,} lines of {len(TEXT) + 15} bytes")
    print(
        "| agent | lines a second | CPU | memory | written a line | median / worst way |\n|---|---|---|---|---|---|",
        flush=True,
    )
    for rate in options.rates:
        for agent in options.agents:
            with tempfile.TemporaryDirectory() as folder:
                print(measure(agent, rate, options.lines, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
