# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables and pages in the JSON that Grafana 9 to 13 accept."""

from __future__ import annotations

import json

from .panels import PROMETHEUS

# Newer Grafanas bring the page to their own schema; older ones know no newer schema.
SCHEMA_VERSION = 37
PAGES = {
    "runtime-security-events": "Runtime security events",
    "log-explorer": "Log explorer",
    "pipeline-health": "Pipeline health",
    "api-audit": "API audit",
}
_INPUTS = {
    "DS_PROMETHEUS": {
        "type": "datasource",
        "pluginId": "prometheus",
        "pluginName": "Prometheus",
        "label": "Prometheus",
    },
    "DS_LOKI": {"type": "datasource", "pluginId": "loki", "pluginName": "Loki", "label": "Loki"},
}
_ALL = {"selected": True, "text": ["All"], "value": ["$__all"]}


def choice(name: str, label: str, query: str, source: dict = PROMETHEUS, everything: str = ".*") -> dict:
    """Values that a data source knows, several at once; all of them by default."""
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": source,
        "definition": query,
        # Loki's form with fields is younger than Grafana 9.0.
        "query": {"query": query, "refId": "A"} if source is PROMETHEUS else query,
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": everything,
        "current": _ALL,
        "hide": 0,
        "options": [],
        "regex": "",
        "skipUrlSync": False,
    }


def listed(name: str, label: str, values: dict[str, str], selected: str) -> dict:
    """One of a few fixed values; their titles to their values."""

    def option(text: str) -> dict:
        return {"text": text, "value": values[text], "selected": text == selected}

    return {
        "name": name,
        "label": label,
        "type": "custom",
        "query": ", ".join(f"{text} : {value}" for text, value in values.items()),
        "current": option(selected) | {"selected": True},
        "options": [option(text) for text in values],
        "multi": False,
        "includeAll": False,
        "hide": 0,
        "skipUrlSync": False,
    }


def textbox(name: str, label: str) -> dict:
    current = {"text": "", "value": ""}
    return {"name": name, "label": label, "type": "textbox", "query": "", "current": current, "hide": 0, "options": []}


def _placed(panels: list[dict], top: int) -> tuple[list[dict], int]:
    """The panels from left to right, in a new row where one does not fit."""
    left = height = 0
    for panel in panels:
        grid = panel["gridPos"]
        if left + grid["w"] > 24:
            left, top, height = 0, top + height, 0
        grid |= {"x": left, "y": top}
        left += grid["w"]
        height = max(height, grid["h"])
    return panels, top + height


def page(
    uid: str,
    about: str,
    variables: list[dict],
    panels: list[dict],
    *folded: tuple[str, list[dict]],
    since: str = "now-1h",
    inputs: dict[str, dict] | None = None,
) -> dict:
    """A dashboard; folded are closed rows at its end, each a title and panels."""
    panels, bottom = _placed(panels, 0)
    for title, inside in folded:
        grid = {"w": 24, "h": 1, "x": 0, "y": bottom}
        inside, bottom = _placed(inside, bottom + 1)
        panels.append({"type": "row", "title": title, "collapsed": True, "panels": inside, "gridPos": grid})
    every = [panel for outer in panels for panel in (outer, *outer.get("panels", []))]
    for number, panel in enumerate(every, 1):
        panel["id"] = number
    links = [
        {
            "title": title,
            "type": "link",
            "icon": "dashboard",
            "url": f"/d/{other}",
            "keepTime": True,
            "includeVars": True,
            "asDropdown": False,
            "targetBlank": False,
            "tags": [],
            "tooltip": "",
        }
        for other, title in PAGES.items()
        if other != uid
    ]
    used = json.dumps([panels, variables])
    wanted = {name: entry for name, entry in (_INPUTS | (inputs or {})).items() if f"${{{name}}}" in used}
    return {
        "__inputs": [{"name": name, **entry} for name, entry in wanted.items()],
        "uid": uid,
        "title": PAGES[uid],
        "description": about,
        "tags": ["runtime_security.kubernetes"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 0,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": since, "to": "now"},
        "timezone": "browser",
        "links": links,
        "annotations": {"list": []},
        "templating": {"list": variables},
        "panels": panels,
    }
