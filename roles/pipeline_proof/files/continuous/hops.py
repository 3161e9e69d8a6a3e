# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a detection stopped, from what was seen of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

# In the order in which they are looked at; each has the next one's evidence, except that Loki has that of agent and falco.
POD, LOKI, AGENT, FALCO, PROMETHEUS, RECEIVER = HOPS = ("pod", "loki", "agent", "falco", "prometheus", "receiver")
AUDIT = "audit"
# Those of a detection on the API server's audit log.
AUDIT_HOPS = (POD, LOKI, AGENT, AUDIT)


@dataclass
class Seen:
    """Seconds after the trigger at which each hop was seen to work, and what it said where it did not; others than its own are ignored."""

    seconds: dict[str, float] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    hops: tuple[str, ...] = HOPS

    def passed(self, hop: str, seconds: float) -> None:
        """The first time counts."""
        if hop in self.hops:
            self.seconds.setdefault(hop, seconds)
            self.errors.pop(hop, None)

    def failed(self, hop: str, error: str) -> None:
        """It does not work now, whatever it did before."""
        if hop in self.hops:
            self.seconds.pop(hop, None)
            self.errors[hop] = error

    @property
    def whole(self) -> bool:
        return len(self.seconds) == len(self.hops)

    @property
    def stopped(self) -> str:
        """The first hop that was not seen to work, '' for none."""
        return next((hop for hop in self.hops if hop not in self.seconds), "")


def pods_with_marker(lines: Iterable[str], marker: str) -> set[str]:
    """Pods whose own line is among the lines: the marker and the pod's name."""
    return {words[1] for words in (line.split() for line in lines) if len(words) == 2 and words[0] == marker}


def events(lines: Iterable[str]) -> set[tuple[str, str]]:
    """Pod and rule of each of Falco's events among the lines."""
    found = set()
    for line in lines:
        try:
            event = json.loads(line)
            found.add((event["output_fields"]["k8s.pod.name"], event["rule"]))
        except (ValueError, KeyError, TypeError):
            continue
    return found


def commands(lines: Iterable[str]) -> set[str]:
    """Pods in which a command was run, by the audit lines of these requests."""
    found = set()
    for line in lines:
        try:
            target = json.loads(line)["objectRef"]
            if (target["resource"], target["subresource"]) == ("pods", "exec"):
                found.add(target["name"])
        except (ValueError, KeyError, TypeError):
            continue
    return found


def counts(samples: Iterable[tuple[dict[str, Any], float]]) -> dict[tuple[str, str], float]:
    """The receiver's counters by pod and rule."""
    found: dict[tuple[str, str], float] = {}
    for labels, value in samples:
        key = (labels.get("k8s_pod_name", ""), labels.get("rule", ""))
        found[key] = found.get(key, 0) + value
    return found


def counted(before: dict[tuple[str, str], float], now: dict[tuple[str, str], float]) -> set[tuple[str, str]]:
    """What was counted meanwhile; a counter that fell was set back by a restart and counts whole."""
    return {key for key, value in now.items() if value > before.get(key, 0) or 0 < value < before.get(key, 0)}
