# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries and panels in the JSON that Grafana 9 to 13 accept."""

from __future__ import annotations

import typing as t

PROMETHEUS = {"type": "prometheus", "uid": "${DS_PROMETHEUS}"}
LOKI = {"type": "loki", "uid": "${DS_LOKI}"}
PRIORITY_COLORS = {
    "emergency": "dark-purple",
    "alert": "purple",
    "critical": "dark-red",
    "error": "red",
    "warning": "orange",
    "notice": "yellow",
    "informational": "blue",
    "debug": "gray",
}

# The time range of a page, and what comes after each step. A query ends at the last whole step, so that windows before the steps
# miss what is newest; these begin at a step, and the last one goes on until now.
RANGE, BUCKETS = "[$__range]", "[$__interval] offset -$__interval"


def instant(expr: str, legend: str = "", source: dict = PROMETHEUS, **more: t.Any) -> dict:
    """One value for the whole time range."""
    if source is LOKI:
        return {"datasource": LOKI, "expr": expr, "legendFormat": legend, "queryType": "instant", **more}
    known = {"instant": True, "range": False, "format": "time_series"}
    return {"datasource": PROMETHEUS, "expr": expr, "legendFormat": legend, **known, **more}


def over_time(expr: str, legend: str = "", source: dict = PROMETHEUS) -> dict:
    """A value for each step of the time range."""
    if source is LOKI:
        return {"datasource": LOKI, "expr": expr, "legendFormat": legend, "queryType": "range"}
    known = {"instant": False, "range": True, "format": "time_series"}
    return {"datasource": PROMETHEUS, "expr": expr, "legendFormat": legend, **known}


def lines(expr: str, limit: int) -> dict:
    return {"datasource": LOKI, "expr": expr, "queryType": "range", "maxLines": limit}


def thresholds(*steps: tuple[float | None, str]) -> dict:
    return {"mode": "absolute", "steps": [{"color": color, "value": value} for value, color in steps]}


GREEN = thresholds((None, "green"))


def by_name(name: str, **properties: t.Any) -> dict:
    """Settings of one column or series; double underscores stand for the dots of custom settings."""
    entries = [{"id": key.replace("__", "."), "value": value} for key, value in properties.items()]
    return {"matcher": {"id": "byName", "options": name}, "properties": entries}


def fixed(colors: dict[str, str]) -> list[dict]:
    return [by_name(name, color={"mode": "fixed", "fixedColor": color}) for name, color in colors.items()]


# Pixels below which Grafana does not shrink a column; with its own 150 six columns do not fit into half a page.
MIN_WIDTH = 70


def wrapped(name: str) -> dict:
    """A column whose text is wrapped, by Grafana 11 and newer."""
    return by_name(name, custom__cellOptions={"type": "auto", "wrapText": True})


# The value where nothing happened, so that a panel is a line at zero and not empty.
_NONE = by_name("none", custom__hideFrom={"legend": True, "tooltip": True, "viz": False})


def link(title: str, uid: str, **variables: str) -> dict:
    """A link to another page that keeps the time range."""
    values = "".join(f"var-{name}={value}&" for name, value in variables.items())
    return {"title": title, "url": f"/d/{uid}?{values}${{__url_time_range}}"}


def _panel(kind: str, title: str, about: str, targets: list[dict], size: tuple[int, int], **more: t.Any) -> dict:
    for name, target in zip("ABCDEFGH", targets):
        target.setdefault("refId", name)
    sources = [target["datasource"] for target in targets]
    width, height = size
    return {
        "type": kind,
        "title": title,
        "description": about,
        "datasource": sources[0] if all(source == sources[0] for source in sources) else {"uid": "-- Mixed --"},
        "gridPos": {"w": width, "h": height},
        "targets": targets,
        **more,
    }


def _fields(unit: str, overrides: t.Sequence[dict] = (), **defaults: t.Any) -> dict:
    return {"defaults": {"unit": unit, **defaults}, "overrides": list(overrides)}


_LAST = {"calcs": ["lastNotNull"], "fields": "", "values": False}


def stat(
    title: str,
    about: str,
    targets: list[dict],
    size: tuple[int, int] = (4, 4),
    unit: str = "locale",
    steps: dict = GREEN,
    missing: str = "",
    decimals: int = 0,
    **more: t.Any,
) -> dict:
    """Big numbers; missing is what to say instead of "No data"."""
    defaults: dict[str, t.Any] = {"decimals": decimals, "thresholds": steps}
    if missing:
        defaults["noValue"] = missing
    if "mappings" in more:
        defaults["mappings"] = more.pop("mappings")
    several = len(targets) > 1
    options = {
        "colorMode": "background" if several else "value",
        "graphMode": "none",
        "textMode": "value_and_name" if several else "auto",
        "justifyMode": "auto",
        "orientation": "auto",
        "reduceOptions": _LAST,
    }
    overrides = more.pop("overrides", ())
    fields = _fields(unit, overrides, **defaults, **({"links": more.pop("links")} if "links" in more else {}))
    return _panel("stat", title, about, targets, size, fieldConfig=fields, options=options, **more)


def timeseries(
    title: str,
    about: str,
    targets: list[dict],
    size: tuple[int, int] = (12, 8),
    unit: str = "locale",
    bars: bool = False,
    step: str = "1m",
    overrides: t.Sequence[dict] = (),
    **defaults: t.Any,
) -> dict:
    if bars:
        custom = {"drawStyle": "bars", "fillOpacity": 80, "lineWidth": 1, "stacking": {"mode": "normal", "group": "A"}}
        defaults.setdefault("decimals", 0)
    else:
        custom = {"drawStyle": "line", "fillOpacity": 10, "lineWidth": 1, "showPoints": "never", "spanNulls": False}
    legend = {
        "displayMode": "table",
        "placement": "right",
        "showLegend": True,
        "calcs": ["sum" if bars else "lastNotNull"],
    }
    return _panel(
        "timeseries",
        title,
        about,
        targets,
        size,
        interval=step,
        fieldConfig=_fields(unit, [*overrides, _NONE], custom=custom, **{"min": 0, **defaults}),
        options={"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}},
    )


def bargauge(
    title: str,
    about: str,
    targets: list[dict],
    size: tuple[int, int] = (6, 8),
    unit: str = "locale",
    steps: dict | None = None,
    **defaults: t.Any,
) -> dict:
    """Bars side by side; with steps they are colored by their value."""
    color = {"mode": "thresholds"} if steps else {"mode": "continuous-BlPu"}
    known = {"decimals": 0, "min": 0, "color": color, **({"thresholds": steps} if steps else {}), **defaults}
    options = {"displayMode": "basic", "orientation": "horizontal", "showUnfilled": True, "reduceOptions": _LAST}
    return _panel("bargauge", title, about, targets, size, fieldConfig=_fields(unit, **known), options=options)


def table(
    title: str,
    about: str,
    target: dict,
    columns: dict[str, str],
    sort: str,
    size: tuple[int, int] = (24, 8),
    ascending: bool = False,
    overrides: t.Sequence[dict] = (),
) -> dict:
    """The answer's labels and value as columns: their names in the answer to their titles, in order.

    There is no text for an empty panel: Grafana puts noValue into each empty cell, also of a column with links.
    """
    if target["datasource"] == LOKI and target["queryType"] == "range":
        # Lines: what the query took out of them is in one field of labels.
        first = [{"id": "extractFields", "options": {"source": "labels", "replace": False}}]
    elif target["datasource"] == LOKI:
        first = [{"id": "labelsToFields", "options": {"mode": "columns"}}, {"id": "merge", "options": {}}]
        # Grafana names the value by its query in some versions.
        columns = columns | {"Value #A": columns["Value"]}
    else:
        target["format"] = "table"
        first = []
    transformations = [
        *first,
        {"id": "filterFieldsByName", "options": {"include": {"names": list(columns)}}},
        {
            "id": "organize",
            "options": {
                "excludeByName": {},
                "indexByName": {name: position for position, name in enumerate(columns)},
                "renameByName": columns,
            },
        },
    ]
    return _panel(
        "table",
        title,
        about,
        [target],
        size,
        fieldConfig=_fields("locale", overrides, decimals=0, custom={"minWidth": MIN_WIDTH}),
        options={"showHeader": True, "sortBy": [{"displayName": sort, "desc": not ascending}]},
        transformations=transformations,
    )


def logs(title: str, about: str, expr: str, size: tuple[int, int] = (24, 14), limit: int = 200) -> dict:
    options = {
        "showTime": True,
        "wrapLogMessage": True,
        "enableLogDetails": True,
        "dedupStrategy": "none",
        "sortOrder": "Descending",
        "showLabels": False,
        "showCommonLabels": False,
        "prettifyLogMessage": False,
    }
    return _panel("logs", title, about, [lines(expr, limit)], size, options=options)
