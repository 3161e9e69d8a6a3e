# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Log lines and samples through Grafana's data source queries."""

from __future__ import annotations

import json
import time
import typing as t

if t.TYPE_CHECKING:
    from .grafana import Reader

# The controller's clock and the node's may differ.
_SKEW_SECONDS = 60


class Entry(t.NamedTuple):
    """A log line and its time (Unix seconds)."""

    at: float
    text: str


class Sample(t.NamedTuple):
    labels: dict
    value: float


def _frames(response: dict) -> t.Iterator[list[tuple[dict, list]]]:
    for result in response.get("results", {}).values():
        for frame in result.get("frames") or []:
            fields = frame.get("schema", {}).get("fields", [])
            yield list(zip(fields, frame.get("data", {}).get("values", [])))


def entries_of(response: dict) -> list[Entry]:
    """Log lines of a Loki answer: the column is called Line up to Grafana 10, body with the newer log format."""
    entries = []
    for columns in _frames(response):
        texts = next((values for field, values in columns if field.get("name") in ("Line", "body")), [])
        times = next((values for field, values in columns if field.get("type") == "time"), [])
        entries.extend(Entry(at / 1000, text) for at, text in zip(times, texts))
    return entries


def samples_of(response: dict) -> list[Sample]:
    """The last value of each series of a Prometheus answer."""
    samples = []
    for columns in _frames(response):
        for field, values in columns:
            if field.get("type") == "number" and values and values[-1] is not None:
                samples.append(Sample(field.get("labels") or {}, float(values[-1])))
    return samples


def as_json(text: str) -> dict:
    """A log line's JSON, or nothing where the line is no JSON."""
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


class Queries:
    """Asks the two data sources by their uids."""

    def __init__(self, grafana: Reader, loki_uid: str, prometheus_uid: str) -> None:
        self._grafana = grafana
        self._loki_uid = loki_uid
        self._prometheus_uid = prometheus_uid
        self._started = time.time()

    def lines(self, expression: str, back_seconds: float = 0) -> list[Entry]:
        """Newest lines since back_seconds before the run began."""
        since, until = self._span(back_seconds)
        return entries_of(
            self._loki(since, until, expr=expression, queryType="range", maxLines=20, direction="backward")
        )

    def count(self, expression: str) -> int:
        """Lines since the run began, also more of them than one answer has."""
        since, until = self._span()
        counted = f"sum(count_over_time({expression} [{until - since:.0f}s]))"
        samples = samples_of(self._loki(since, until, expr=counted, queryType="instant"))
        return int(samples[0].value) if samples else 0

    def _span(self, back_seconds: float = 0) -> tuple[float, float]:
        return self._started - back_seconds - _SKEW_SECONDS, time.time() + _SKEW_SECONDS

    def _loki(self, since: float, until: float, **query: object) -> dict:
        query = {"refId": "A", "datasource": {"type": "loki", "uid": self._loki_uid}, **query}
        return self._grafana.query({"queries": [query], "from": str(int(since * 1000)), "to": str(int(until * 1000))})

    def samples(self, expression: str) -> list[Sample]:
        """Prometheus' value at this moment."""
        query = {
            "refId": "A",
            "datasource": {"type": "prometheus", "uid": self._prometheus_uid},
            "expr": expression,
            "instant": True,
            "range": False,
        }
        now = time.time()
        return samples_of(
            self._grafana.query({"queries": [query], "from": str(int((now - 300) * 1000)), "to": str(int(now * 1000))})
        )
