# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check: a data source answers."""

from __future__ import annotations

import time
import typing as t

from ..grafana_client import path
from .grafana import Reader, Refused
from .watch import Watch, observe

_EVERY_SECONDS = 1
NAME = "data source {} answers"
# Expressions that any version answers, with or without data.
_QUESTIONS = {"prometheus": "vector(1)", "loki": '{namespace=~".+"}'}


def _ask(grafana: Reader, uid: str) -> str:
    """What the "Save & test" button asks; versions without that address get a query."""
    try:
        return grafana.get(path("datasources", "uid", uid, "health")).get("message", "healthy")
    except Refused as exc:
        if exc.status != 404:
            raise
    source = grafana.get(path("datasources", "uid", uid))
    query = {
        "refId": "A",
        "datasource": {"type": source["type"], "uid": uid},
        "expr": _QUESTIONS[source["type"]],
        "instant": source["type"] == "prometheus",
        "queryType": "range",
        "maxLines": 1,
    }
    now = int(time.time() * 1000)
    grafana.query({"queries": [query], "from": str(now - 60_000), "to": str(now)})
    return "answered a query"


def data_source(watch: Watch, grafana: Reader, uid: str) -> t.Iterator[dict]:
    yield observe(watch, NAME.format(uid), lambda: _ask(grafana, uid), _EVERY_SECONDS, str)
