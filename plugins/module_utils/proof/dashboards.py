# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check: every panel of the expected dashboards has data."""

from __future__ import annotations

import time
import typing as t
from concurrent.futures import ThreadPoolExecutor

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

    def __init__(self, grafana: Reader, dashboard: dict, sources: dict[str, str]) -> None:
        self._grafana = grafana
        self._seconds = range_seconds(dashboard)
        queries = panel_queries(dashboard, finest=True, sources=sources)
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
    return {hit["uid"] for hit in grafana.tagged(_TAG) if hit.get("folderUid") == folder_uid}


def _one(watch: Watch, grafana: Reader, uid: str, began: float, sources: dict[str, str]) -> dict:
    title = uid
    try:
        dashboard = watch.until(lambda: grafana.dashboard(uid), _EVERY_SECONDS).value
        title = dashboard["title"]
        panels = _Panels(grafana, dashboard, sources)
        at = watch.until(panels.probe, _EVERY_SECONDS).at
    except NotSeen as exc:
        return line(NAME.format(title), False, time.monotonic() - began, f"not within {watch.timeout:g} s: {exc}")
    return line(NAME.format(title), True, at - began, panels.describe())


def dashboards(
    watch: Watch,
    grafana: Reader,
    folder_uid: str,
    expected: list[str],
    sources: dict[str, str] | None = None,
) -> t.Iterator[dict]:
    """One line for each expected dashboard; what else is in the folder is not looked at.

    The uids of data sources by their type stand in for variables of a dashboard that choose one and have no choice.
    """
    began = time.monotonic()
    wanted = sorted(set(expected))

    def probe() -> None:
        found = dashboard_uids(grafana, folder_uid)
        if set(wanted) - found:
            raise NotYet(f"folder {folder_uid} holds {sorted(found)}, expected are {wanted}")

    watch.until(probe, _EVERY_SECONDS)
    with ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE) as pool:
        yield from pool.map(lambda uid: _one(watch, grafana, uid, began, sources or {}), wanted)
