# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a dashboard's JSON to the requests its panels make, and back to a verdict on the answers.

Pure functions: the caller sends the requests to Grafana's POST /api/ds/query.
"""

from __future__ import annotations

import re
import typing as t

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_RELATIVE = re.compile(r"^now-(\d+)([smhdw])$")
# A minimum step, as panels and queries name it; the leading > is optional.
_STEP = re.compile(r"^>?(\d+)([smhdw])$")
# The three spellings Grafana knows: ${name} and ${name:format}, [[name]], $name.
_VARIABLE = re.compile(r"\$\{(\w+)(?::(\w+))?\}|\[\[(\w+)\]\]|\$(\w+)")
_DEFAULT_RANGE_SECONDS = 3600
_DEFAULT_POINTS = 300
# Prometheus and Loki answer finer steps than the scrape interval with gaps.
_SCRAPE_SECONDS = 15


def walk_panels(dashboard: dict) -> t.Iterator[dict]:
    """Every panel that can hold queries, in reading order; collapsed rows are opened."""

    def position(panel: dict) -> tuple[int, int]:
        grid = panel.get("gridPos") or {}
        return grid.get("y", 0), grid.get("x", 0)

    for panel in sorted(dashboard.get("panels") or [], key=position):
        if panel.get("type") == "row":
            yield from sorted(panel.get("panels") or [], key=position)
        else:
            yield panel


def range_seconds(dashboard: dict) -> int:
    """Length of the dashboard's default time range ("now-1h" to "now")."""
    match = _RELATIVE.match((dashboard.get("time") or {}).get("from", ""))
    if not match:
        return _DEFAULT_RANGE_SECONDS
    return int(match.group(1)) * _SECONDS[match.group(2)]


def default_variables(dashboard: dict, sources: dict[str, str] | None = None) -> dict[str, t.Any]:
    """The values a fresh page starts with: each variable's saved choice, "All" resolved.

    Exports have no choices: a query's variable counts as "All" then, one that chooses a data source as the uid in sources,
    by the plugin's id.
    """
    values: dict[str, t.Any] = {}
    for variable in (dashboard.get("templating") or {}).get("list") or []:
        value = (variable.get("current") or {}).get("value", "")
        kind = variable.get("type")
        if kind == "datasource" and value in ("", None, "default"):
            value = (sources or {}).get(str(variable.get("query")), "")
        elif value in ("$__all", ["$__all"]) or (kind == "query" and value in ("", None, [])):
            value = variable.get("allValue") or ".*"
        values[variable["name"]] = value
    return values


def _step(length: int, points: int, *minimums: t.Any) -> int:
    """Seconds between two points: the range by the number of points, no finer than any minimum."""
    found = [_STEP.match(minimum) for minimum in minimums if isinstance(minimum, str)]
    named = [int(match.group(1)) * _SECONDS[match.group(2)] for match in found if match]
    return max(_SCRAPE_SECONDS, -(-length // points), *named)


def _time_variables(length: int, step: int) -> dict[str, str]:
    return {
        "__interval": f"{step}s",
        "__interval_ms": str(step * 1000),
        "__rate_interval": f"{max(4 * _SCRAPE_SECONDS, step + _SCRAPE_SECONDS)}s",
        "__auto": f"{step}s",
        "__range": f"{length}s",
        "__range_s": str(length),
        "__range_ms": str(length * 1000),
    }


def _formatted(value: t.Any, how: str | None) -> str:
    values = [str(item) for item in value] if isinstance(value, (list, tuple)) else [str(value)]
    if how == "csv":
        return ",".join(values)
    if how in ("pipe", "raw"):
        return "|".join(values)
    if how not in (None, "regex"):
        raise ValueError(f"variable format {how!r} is not supported: use regex, pipe, csv or raw")
    if len(values) == 1:
        return values[0]
    return "(" + "|".join(re.escape(item) for item in values) + ")"


def interpolate(text: str, variables: dict[str, t.Any]) -> str:
    """Fill variables in. Unknown names stay: $1 in a regular expression is none of ours."""

    def value(match: re.Match) -> str:
        name = match.group(1) or match.group(3) or match.group(4)
        if name not in variables:
            return match.group(0)
        return _formatted(variables[name], match.group(2))

    return _VARIABLE.sub(value, text)


def _filled(node: t.Any, variables: dict[str, t.Any]) -> t.Any:
    if isinstance(node, str):
        return interpolate(node, variables)
    if isinstance(node, list):
        return [_filled(item, variables) for item in node]
    if isinstance(node, dict):
        return {key: _filled(item, variables) for key, item in node.items()}
    return node


def _datasource(*candidates: t.Any) -> dict:
    """The first reference that names a source: a query's own, else its panel's."""
    for candidate in candidates:
        if isinstance(candidate, dict) and candidate.get("uid") not in (None, "-- Mixed --"):
            return candidate
        if isinstance(candidate, str) and candidate:
            return {"uid": candidate}
    return {}


def panel_queries(
    dashboard: dict,
    variables: dict[str, t.Any] | None = None,
    finest: bool = False,
    sources: dict[str, str] | None = None,
) -> list[dict]:
    """Every visible query of every panel, ready for POST /api/ds/query.

    Each entry has panel (title), panel_id, ref_id, datasource_uid, and query: one element of the
    request's "queries" list. Values in variables win over the dashboard's saved choices; the time
    variables ($__interval, $__rate_interval, $__range ...) follow the dashboard's time range. With finest the points are
    as close as the data, whatever panels want: Prometheus answers at whole steps only, so what is new is seen after one.
    """
    length = range_seconds(dashboard)
    chosen = {**default_variables(dashboard, sources), **(variables or {})}
    entries = []
    for panel in walk_panels(dashboard):
        points = panel.get("maxDataPoints") or _DEFAULT_POINTS
        for target in panel.get("targets") or []:
            step = _SCRAPE_SECONDS if finest else _step(length, points, panel.get("interval"), target.get("interval"))
            known = {**_time_variables(length, step), **chosen}
            source = _filled(_datasource(target.get("datasource"), panel.get("datasource")), known)
            if target.get("hide") or not source.get("uid"):
                continue
            query = _filled({key: value for key, value in target.items() if key != "hide"}, known)
            query["datasource"] = source
            query.setdefault("refId", "A")
            query.setdefault("maxDataPoints", length // step if finest else points)
            query.setdefault("intervalMs", step * 1000)
            entries.append(
                {
                    "panel": panel.get("title", ""),
                    "panel_id": panel.get("id"),
                    "ref_id": query["refId"],
                    "datasource_uid": source["uid"],
                    "query": query,
                }
            )
    return entries


def query_body(queries: list[dict], end: float, seconds: int) -> dict:
    """The body of POST /api/ds/query for a time range that ends at end (Unix time)."""
    return {
        "queries": queries,
        "from": str(int((end - seconds) * 1000)),
        "to": str(int(end * 1000)),
    }


def _results(response: dict) -> t.Iterable[dict]:
    return (response.get("results") or {}).values()


def response_errors(response: dict) -> list[str]:
    """What the data source said about queries it refused."""
    return [result["error"] for result in _results(response) if result.get("error")]


def _frame_has_value(frame: dict) -> bool:
    fields = (frame.get("schema") or {}).get("fields") or []
    columns = (frame.get("data") or {}).get("values") or []
    # A time column alone is no data: Grafana sends it for series that hold only nulls.
    return any(
        field.get("type") != "time" and any(value is not None for value in column)
        for field, column in zip(fields, columns)
    )


def frames_have_data(response: dict) -> bool:
    """True if each query of the response was answered, without error, by one real value at least."""
    results = list(_results(response))
    return bool(results) and all(
        not result.get("error") and any(_frame_has_value(frame) for frame in result.get("frames") or [])
        for result in results
    )
