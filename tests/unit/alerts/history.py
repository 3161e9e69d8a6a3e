# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sensors, receivers and scrapes of a made-up past, as the series that promtool takes.

All times are whole seconds from the begin. A counter shows up with its first count, a pod takes its counts with it.
"""

from __future__ import annotations

import json
import subprocess
import typing as t

SCRAPE = 15
_MATCHED = "falcosecurity_falco_rules_matches_total"
_COUNTED = "falcosecurity_falcosidekick_falco_events_total"


class Target:
    """A scraped process. Restarts set its counts to nothing; beyond its last second it is gone."""

    def __init__(
        self, metric: str, service: str, instance: str, node: str, phase: int, first: int, last: int | None
    ) -> None:
        self.metric = metric
        self.labels = f'service="{service}",instance="{instance}",node="{node}"'
        self.phase = phase
        self.first = first
        self.last = last
        self.events: list[tuple[int, str]] = []
        self.restarts: list[int] = []

    def alive(self, at: int) -> bool:
        return at >= self.first and (self.last is None or at <= self.last)

    def count(self, at: int, labels: str) -> None:
        if self.alive(at):
            self.events.append((at, labels))

    def _value(self, at: int, labels: str) -> int:
        since = max((restart for restart in self.restarts if restart <= at), default=0)
        return sum(1 for moment, of in self.events if of == labels and since <= moment <= at)

    def _row(self, end: int, value: t.Callable[[int], int | None]) -> str:
        samples, was_there = [], False
        for at in range(end):
            found = value(at) if self.alive(at) else None
            scraped = at % SCRAPE == self.phase
            # A series that a scrape no longer finds is marked as stale at once.
            samples.append(str(found) if scraped and found is not None else "stale" if scraped and was_there else "_")
            was_there = found is not None if scraped else was_there
        return " ".join(samples)

    def series(self, end: int) -> list[dict]:
        rows = [{"series": f"up{{{self.labels}}}", "values": self._row(end, lambda at: 1)}]
        for labels in sorted({of for _, of in self.events}):
            # An own count of nothing is no series yet.
            values = self._row(end, lambda at, labels=labels: self._value(at, labels) or None)
            rows.append({"series": f"{self.metric}{{{self.labels},{labels}}}", "values": values})
        return rows


class History:
    """What happened, and what an expression says about it."""

    def __init__(self) -> None:
        self.targets: list[Target] = []

    def sensor(
        self, node: str = "n1", pod: str = "1", phase: int = 3, first: int = 0, last: int | None = None
    ) -> Target:
        target = Target(_MATCHED, "falco-metrics", f"{node}-{pod}:8765", node, phase, first, last)
        self.targets.append(target)
        return target

    def receiver(self, pod: str = "1", phase: int = 11, first: int = 0, last: int | None = None) -> Target:
        target = Target(_COUNTED, "falco-falcosidekick", f"receiver-{pod}:2810", "n9", phase, first, last)
        self.targets.append(target)
        return target

    def verdicts(self, promtool: str, expression: str, times: t.Iterable[int], folder) -> dict[int, int]:
        """How many alerts the expression gives at each time."""
        times = list(times)
        # The number that promtool has to expect is wrong everywhere, so that it names the right one.
        checks = [
            {
                "expr": f"count({expression}) or vector(0)",
                "eval_time": f"{at}s",
                "exp_samples": [{"labels": "{}", "value": -1}],
            }
            for at in times
        ]
        end = max(times) + 1
        test = {
            "evaluation_interval": "1s",
            "tests": [
                {
                    "interval": "1s",
                    "input_series": [row for target in self.targets for row in target.series(end)],
                    "promql_expr_test": checks,
                }
            ],
        }
        path = folder / "history.yml"
        # JSON is YAML, and written at once.
        path.write_text(json.dumps(test), encoding="utf-8")
        answer = subprocess.run([promtool, "test", "rules", str(path)], capture_output=True, text=True, check=False)
        return _read(answer.stdout + answer.stderr, times)


def _read(text: str, times: list[int]) -> dict[int, int]:
    found = [line.split()[-1] for line in text.splitlines() if line.strip().startswith("got:")]
    if len(found) != len(times):
        raise AssertionError(text)
    return dict(zip(times, (int(float(value)) for value in found)))
