# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check: Prometheus reaches everything it should scrape."""

from __future__ import annotations

import typing as t

from .queries import Queries, Sample
from .watch import NotYet, Watch, observe

_EVERY_SECONDS = 1
NAME = "no scrape target is down"


def target_name(labels: dict) -> str:
    owner = labels.get("service") or labels.get("pod") or labels.get("job", "unknown")
    return f"{labels.get('namespace', '-')}/{owner} at {labels.get('instance', 'unknown')}"


def scrape_targets(watch: Watch, queries: Queries, namespaces: list[str], services: list[str]) -> t.Iterator[dict]:
    up = 'up{{namespace=~"{}"}}'.format("|".join(namespaces))
    # A Prometheus that was killed has not closed the series of targets that are gone: their last value would last for minutes.
    started = 'max(process_start_time_seconds{job="prometheus"})'
    expression = f'({up} unless timestamp({up}) < on() group_left() {started}) or up{{job="prometheus"}}'

    def probe() -> list[Sample]:
        samples = queries.samples(expression)
        missing = sorted(set(services) - {sample.labels.get("service") for sample in samples})
        if missing:
            raise NotYet(f"not scraped: {', '.join(missing)}")
        down = sorted(target_name(sample.labels) for sample in samples if sample.value != 1)
        if down:
            raise NotYet(f"down: {', '.join(down)}")
        if not samples:
            raise NotYet(f"{expression} has no value")
        return samples

    def describe(samples: list[Sample]) -> str:
        return f"{len(samples)} targets up in {', '.join(namespaces)}, among them {', '.join(services)}"

    yield observe(watch, NAME, probe, _EVERY_SECONDS, describe)
