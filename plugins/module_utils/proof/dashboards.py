# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check: every panel of the dashboards has data."""

from __future__ import annotations

import time
import typing as t
from concurrent.futures import ThreadPoolExecutor

from ..grafana_client import path
from ..grafana_panels import frames_have_data, panel_queries, query_body, range_seconds, walk_panels
from .grafana import Reader, Refused
from .watch import NotSeen, NotYet, Watch, line

_EVERY_SECONDS = 2
_SIDE_BY_SIDE = 4
_TAG = "runtime_security.kubernetes"
NAME = "dashboard {} has data in every panel"
# Lives by the audit log alone.
AUDIT = "api-audit"


def _said_when_empty(dashboard: dict) -> dict[int, str]:
    """What panels show instead of "No data": the reason, as far as their author knows it."""
    panels = {panel.get("id"): panel.get("fieldConfig") or {} for panel in walk_panels(dashboard)}
    return {key: (config.get("defaults") or {}).get("noValue") or "empty" for key, config in panels.items()}


class _Panels:
    """The queries of one dashboard that have had no data yet."""

    def __init__(self, grafana: Reader, dashboard: dict) -> None:
        self._grafana = grafana
        self._seconds = range_seconds(dashboard)
        queries = panel_queries(dashboard, finest=True)
        self._empty = _said_when_empty(dashboard)
        self._waiting = {(entry["panel_id"], entry["ref_id"]): entry for entry in queries}
        self._last: list[str] = []
        self.panels = len({entry["panel_id"] for entry in queries})
        self.queries = len(queries)

    def probe(self) -> None:
        if not self.queries:
            raise NotSeen("it has no panel with a query")
        empty, filled = [], []
        for key, entry in list(self._waiting.items()):
            try:
                answer = self._grafana.query(query_body([entry["query"]], time.time(), self._seconds))
                reason = "" if frames_have_data(answer) else self._empty[entry["panel_id"]]
            except Refused as exc:
                reason = str(exc)
            if reason:
                empty.append(f"{entry['panel']} ({entry['ref_id']}): {reason}")
            else:
                filled.append(entry["panel"])
                del self._waiting[key]
        if filled and len(filled) < self.queries:
            self._last = filled
        if empty:
            raise NotYet("; ".join(empty))

    def describe(self) -> str:
        """How much was looked at, and what was waited for."""
        last = f", the last with data: {', '.join(dict.fromkeys(self._last))}" if self._last else ""
        return f"{self.panels} panels, {self.queries} queries{last}"


def dashboard_uids(grafana: Reader, folder_uid: str) -> set[str]:
    # The search by folder uid is younger than the folder uid in its answer.
    hits = grafana.get(path("search", type="dash-db", tag=_TAG, limit=1000))
    return {hit["uid"] for hit in hits if hit.get("folderUid") == folder_uid}


def _one(watch: Watch, grafana: Reader, uid: str, began: float) -> dict:
    title = uid

    def load() -> dict:
        return grafana.get(path("dashboards", "uid", uid))["dashboard"]

    try:
        dashboard = watch.until(load, _EVERY_SECONDS).value
        title = dashboard["title"]
        panels = _Panels(grafana, dashboard)
        at = watch.until(panels.probe, _EVERY_SECONDS).at
    except NotSeen as exc:
        return line(NAME.format(title), False, time.monotonic() - began, f"not within {watch.timeout:g} s: {exc}")
    return line(NAME.format(title), True, at - began, panels.describe())


def dashboards(
    watch: Watch, grafana: Reader, folder_uid: str, expected: list[str], left_out: t.Collection[str] = ()
) -> t.Iterator[dict]:
    """One line for each dashboard of the folder but those left out, and for each expected one that is not there."""
    began = time.monotonic()

    def probe() -> set[str]:
        found = dashboard_uids(grafana, folder_uid)
        if not found or set(expected) - found:
            raise NotYet(f"folder {folder_uid} holds {sorted(found)}, expected are {sorted(expected)}")
        return found

    uids = sorted(watch.until(probe, _EVERY_SECONDS).value - set(left_out))
    with ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE) as pool:
        yield from pool.map(lambda uid: _one(watch, grafana, uid, began), uids)
