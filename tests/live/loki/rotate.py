#!/usr/bin/env python3
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs commands in the middle of a stream of numbered lines, and counts what arrives and for how long Loki did not answer.

Each argument is a command line, as of a playbook that changes the certificates; they run one after the other.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import threading
import time
import urllib.error
from pathlib import Path

import urllib3
from kubernetes.client.rest import ApiException

sys.path.insert(0, str(Path(__file__).parents[2]))
from live.loki.cluster import Cluster, wait_for
from live.loki.stream import Stream

BETWEEN = 5


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubeconfig")
    parser.add_argument("--context")
    parser.add_argument("--namespace", default="monitoring")
    parser.add_argument("--image", required=True, help="an image with a shell, for the pod that writes the lines")
    parser.add_argument("--lines", type=int, default=5000)
    parser.add_argument("--pace", type=int, default=20, help="lines a second")
    parser.add_argument("--outage", type=float, help="the longest time in seconds without an answer that is no failure")
    parser.add_argument("commands", nargs="+")
    return parser.parse_args()


class Questions(threading.Thread):
    """Asks every second, through Grafana's data source where there is one, and keeps the longest time without an answer."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(daemon=True)
        self._stopped = threading.Event()
        self.name, self._ask = ("Grafana", cluster.grafana) if cluster.workloads("grafana") else ("Loki", cluster.loki)
        self.asked = self.failed = 0
        self.longest = 0.0

    def run(self) -> None:
        answered = time.monotonic()
        while not self._stopped.wait(1):
            self.asked += 1
            asked = time.monotonic()
            try:
                self._ask("labels")
            except (ApiException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                self.failed += 1
                after = f"{time.strftime('%T')} {self.name}, after {time.monotonic() - asked:.1f} s"
                print(f"{after}: {_words(error)}", flush=True)
                self.longest = max(self.longest, time.monotonic() - answered)
            else:
                # The time until the answer that ends an outage counts too.
                self.longest = max(self.longest, time.monotonic() - answered)
                answered = time.monotonic()

    def stop(self) -> None:
        self._stopped.set()
        self.join()


def _words(error: Exception) -> str:
    """An error, and what Grafana says of it."""
    body = error.read(300).decode(errors="replace") if isinstance(error, urllib.error.HTTPError) else ""
    return f"{error} {body}".strip()


def main() -> int:
    options = arguments()
    cluster = Cluster(options.kubeconfig, options.context, options.namespace)
    seconds, failed = options.lines / options.pace, 0
    questions = Questions(Cluster(options.kubeconfig, options.context, options.namespace))
    with Stream(cluster, options.image, options.lines, seconds) as stream:
        wait_for("the stream's first line", stream.written, 60)
        questions.start()
        for command in options.commands:
            time.sleep(BETWEEN)
            before, began = stream.written(), time.monotonic()
            done = subprocess.run(shlex.split(command), check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            took, after = time.monotonic() - began, stream.written()
            print(f"{command}: {took:.0f} s, lines {before} to {after}, exit code {done.returncode}", flush=True)
            if done.returncode:
                failed += 1
                print(done.stdout.decode(errors="replace")[-5000:])
            if after >= options.lines:
                failed += 1
                print("the stream had ended: more lines are needed")
        wait_for("the end of the stream", lambda: stream.written() == options.lines, seconds + 60)
        ended = time.monotonic()
        wait_for("Loki's answer", cluster.loki_answers, 60)
        numbers = stream.arrived()
        while len(numbers) < options.lines and time.monotonic() - ended < 60:
            time.sleep(2)
            numbers = stream.arrived()
        questions.stop()
    missing = options.lines - len(numbers)
    twice = sum(count - 1 for count in numbers.values())
    print(f"lines written {options.lines}, arrived {len(numbers)}, missing {missing}, more than once {twice}")
    print(
        f"{questions.name} asked {questions.asked} times, failed {questions.failed}, without an answer {questions.longest:.1f} s"
    )
    late = options.outage is not None and questions.longest > options.outage
    return 1 if missing or twice or failed or late else 0


if __name__ == "__main__":
    sys.exit(main())
