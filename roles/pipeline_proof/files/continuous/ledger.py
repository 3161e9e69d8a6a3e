# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of every detection, as metrics in Prometheus' text format."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from hops import Seen

PREFIX = "runtime_security_detection"
_ABOUT = {
    f"{PREFIX}_proven_timestamp_seconds": "When the detection last passed every hop.",
    f"{PREFIX}_watched_timestamp_seconds": "Since when this prover has looked at the detection.",
    f"{PREFIX}_last_success_timestamp_seconds": "When the detection last passed the hop.",
    f"{PREFIX}_seconds": "Latency from the trigger to the hop, of its last success.",
    f"{PREFIX}_stopped": "1 for the hop at which the detection stopped in the last round.",
    f"{PREFIX}_round_timestamp_seconds": "When the last round ended.",
    f"{PREFIX}_round_seconds": "Duration of the last round.",
    f"{PREFIX}_interval_seconds": "Time from one round to the next.",
    f"{PREFIX}_wait_seconds": "How long a round waits for what it has caused.",
    f"{PREFIX}_cpu_seconds": "CPU time of the prover itself since it was started.",
    f"{PREFIX}_trigger_cpu_seconds": "CPU time of the triggers on the node in the last round.",
}


class Ledger:
    """Written by the rounds, read by Prometheus; nothing outlives the process, and nothing is known before the first round."""

    def __init__(self, interval: int, wait: int) -> None:
        self._lock = threading.Lock()
        self._interval, self._wait = interval, wait
        self._watched: dict[tuple[str, str], float] = {}
        self._proven: dict[tuple[str, str], float] = {}
        self._success: dict[tuple[str, str, str], tuple[float, float]] = {}
        self._stopped: dict[tuple[str, str], str] = {}
        self._round: tuple[float, float] | None = None
        self._triggers: dict[str, float] = {}

    def record(
        self, seen: dict[tuple[str, str], Seen], began: float, ended: float, cpu_seconds: dict[str, float] | None = None
    ) -> None:
        """The result of a round by node and rule, its moments in Unix seconds, the CPU time of the triggers by node.

        Nodes that are gone are forgotten.
        """
        with self._lock:
            self._round, self._triggers = (ended, ended - began), cpu_seconds or {}
            for detection, found in seen.items():
                self._watched.setdefault(detection, began)
                for hop, seconds in found.seconds.items():
                    self._success[(*detection, hop)] = (ended, seconds)
                if found.stopped:
                    self._stopped[detection] = found.stopped
                else:
                    self._stopped.pop(detection, None)
                    self._proven[detection] = ended
            for kept in (self._watched, self._proven, self._stopped):
                for detection in set(kept) - set(seen):
                    del kept[detection]
            self._success = {key: value for key, value in self._success.items() if key[:2] in seen}

    def text(self) -> str:
        """All metrics."""
        with self._lock:
            samples = list(self._samples())
        lines: list[str] = []
        for name, about in _ABOUT.items():
            found = [(labels, value) for of, labels, value in samples if of == name]
            if found:
                lines += [f"# HELP {name} {about}", f"# TYPE {name} gauge"]
                lines += [f"{name}{_braces(labels)} {value:.3f}" for labels, value in found]
        return "\n".join(lines) + "\n"

    def _samples(self) -> Iterator[tuple[str, dict[str, str], float]]:
        for name, times in (("proven", self._proven), ("watched", self._watched)):
            for (node, rule), at in times.items():
                yield f"{PREFIX}_{name}_timestamp_seconds", {"rule": rule, "node_name": node}, at
        for (node, rule, hop), (at, seconds) in self._success.items():
            labels = {"rule": rule, "node_name": node, "hop": hop}
            yield f"{PREFIX}_last_success_timestamp_seconds", labels, at
            yield f"{PREFIX}_seconds", labels, seconds
        for (node, rule), stopped in self._stopped.items():
            yield f"{PREFIX}_stopped", {"rule": rule, "node_name": node, "hop": stopped}, 1
        if self._round:
            yield f"{PREFIX}_round_timestamp_seconds", {}, self._round[0]
            yield f"{PREFIX}_round_seconds", {}, self._round[1]
        # A round that lasts longer than the interval is the interval.
        yield f"{PREFIX}_interval_seconds", {}, max(self._interval, self._round[1] if self._round else 0)
        yield f"{PREFIX}_wait_seconds", {}, self._wait
        yield f"{PREFIX}_cpu_seconds", {}, time.process_time()
        for node, seconds in self._triggers.items():
            yield f"{PREFIX}_trigger_cpu_seconds", {"node_name": node}, seconds


def _braces(labels: dict[str, str]) -> str:
    inside = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{inside}}}" if inside else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
