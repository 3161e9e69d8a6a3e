# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of the last days, counted by Loki: it has many more of them than one wants to read."""

from __future__ import annotations

import time
import typing as t

from ..grafana_client import GrafanaError, path
from ..grafana_connection import connected, failure
from ..proof.grafana import Reader, Refused
from ..proof.queries import Sample, samples_of

DAY = 86400
_SHORTEST = 60
# How Loki refuses an answer with too many series: "maximum of series (500) reached", from 3.6 on "maximum number of series (500)".
_TOO_MANY = "of series ("


def reader(params: dict) -> Reader:
    """A Grafana that takes the credentials of a module's options; raises WorkError where it does not answer."""
    try:
        client = connected(params)
        client.request("GET", path("org"))
    except GrafanaError as exc:
        raise failure(exc) from exc
    return Reader(client)


def by_day(grafana: Reader, uid: str, expression: t.Callable[[int], str], days: int) -> t.Iterator[tuple[int, Sample]]:
    """The samples of each day, counted backwards from now; a day has several of a series where Loki cannot answer at once.

    uid is the data source's, expression the LogQL for a number of seconds.
    """
    now = int(time.time())
    for day in range(days):
        for sample in _window(grafana, uid, expression, now - day * DAY, DAY):
            yield day, sample


def _window(
    grafana: Reader, uid: str, expression: t.Callable[[int], str], end: int, seconds: int
) -> t.Iterator[Sample]:
    query = {
        "refId": "A",
        "datasource": {"type": "loki", "uid": uid},
        "expr": expression(seconds),
        "queryType": "instant",
    }
    try:
        answer = grafana.query({"queries": [query], "from": str((end - seconds) * 1000), "to": str(end * 1000)})
    except Refused as exc:
        if _TOO_MANY not in str(exc) or seconds <= _SHORTEST:
            raise
        yield from _window(grafana, uid, expression, end, seconds // 2)
        yield from _window(grafana, uid, expression, end - seconds // 2, seconds - seconds // 2)
        return
    yield from samples_of(answer)
