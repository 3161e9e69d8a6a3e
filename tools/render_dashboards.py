#!/usr/bin/env python3
# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw the dashboards of a running Grafana from its answers to their panels' queries.

A Grafana that was built without its web pages cannot be photographed; its answers can be drawn.
    GRAFANA_PASSWORD=... tools/render_dashboards.py --url http://192.168.49.2:30300 [UID ...]
"""

from __future__ import annotations

import argparse
import base64
import datetime
import json
import os
import sys
import time
import typing as t
import urllib.error
import urllib.request
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.dates as mdates
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "plugins" / "module_utils"))
import grafana_panels

DASHBOARDS = TOP / "roles" / "grafana_wiring" / "files" / "dashboards"
# One grid unit of Grafana: 24 of them side by side, each 30 pixels high.
UNIT_WIDTH, UNIT_HEIGHT, GAP, DPI = 64, 30, 6, 100
PAGE, PANEL, TEXT, FAINT, GRID = "#111217", "#181b1f", "#d8d9da", "#8e8e99", "#2c2f36"
SERIES = ["#73bf69", "#f2cc0c", "#5794f2", "#ff780a", "#b877d9", "#f2495c", "#8ab8ff", "#ffb357", "#96d98d", "#ca95e5"]
NAMED = {
    "green": "#73bf69",
    "red": "#f2495c",
    "dark-red": "#c4162a",
    "orange": "#ff780a",
    "yellow": "#fade2a",
    "blue": "#5794f2",
    "purple": "#b877d9",
    "dark-purple": "#8f3bb8",
    "gray": "#8e8e99",
}


class Series(t.NamedTuple):
    """One column of an answer with its times."""

    name: str
    labels: dict[str, str]
    times: list
    values: list


class Grafana:
    """Asks the queries."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url.rstrip("/")
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        self.headers = {"Content-Type": "application/json", "Authorization": f"Basic {token}"}

    def _request(self, path: str, body: dict | None = None) -> dict:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data=data, headers=self.headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.load(response)
        except urllib.error.HTTPError as exc:
            raise SystemExit(f"Grafana refused {path} with {exc.code}: {exc.read().decode()[:300]}") from exc

    def dashboard(self, uid: str) -> dict:
        """As it was written, with its inputs filled in."""
        return self._request(f"/api/dashboards/uid/{uid}")["dashboard"]

    def ask(self, queries: list[dict], end: float, seconds: int) -> list[dict]:
        """The frames of all queries, in their order."""
        answer = self._request("/api/ds/query", grafana_panels.query_body(queries, end, seconds))
        return [frame for query in queries for frame in answer["results"][query["refId"]].get("frames") or []]


def frame_series(frames: list[dict]) -> list[Series]:
    """Each column of numbers as a series."""
    found = []
    for frame in frames:
        fields = frame["schema"]["fields"]
        columns = frame["data"]["values"]
        times = next((column for field, column in zip(fields, columns) if field["type"] == "time"), [])
        for field, column in zip(fields, columns):
            if field["type"] == "number":
                labels = field.get("labels") or {}
                name = (
                    (field.get("config") or {}).get("displayNameFromDS") or frame["schema"].get("name") or field["name"]
                )
                found.append(Series(name, labels, times, column))
    return found


def color_of(panel: dict, name: str, position: int) -> str:
    """The color the panel fixes for a series, or the next one of the palette."""
    for override in panel["fieldConfig"]["overrides"]:
        if override["matcher"]["options"] == name:
            for entry in override["properties"]:
                if entry["id"] == "color":
                    return NAMED[entry["value"]["fixedColor"]]
    fixed = panel["fieldConfig"]["defaults"].get("color") or {}
    return NAMED.get(fixed.get("fixedColor", ""), SERIES[position % len(SERIES)])


def shown(value: float | None, unit: str = "short", decimals: int | None = None) -> str:
    """A number as Grafana shows it."""
    if value is None:
        return "-"
    if unit == "s":
        return f"{value:.2g} s" if value < 100 else f"{value / 60:.3g} min"
    for size, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= (size if unit == "bytes" else 10 * size):
            return f"{value / size:.1f} {sign}{'B' if unit == 'bytes' else ''}"
    return f"{value:.{decimals}f}" if decimals is not None else f"{value:.4g}"


def threshold_color(defaults: dict, value: float | None) -> str:
    color = SERIES[0]
    for step in defaults["thresholds"]["steps"]:
        if step["value"] is None or (value or 0) >= step["value"]:
            color = NAMED[step["color"]]
    return color


def draw_stat(panel: dict, axes: Axes, frames: list[dict]) -> None:
    series = frame_series(frames)
    defaults = panel["fieldConfig"]["defaults"]
    named = panel["options"]["textMode"] == "value_and_name"
    for position, one in enumerate(series):
        value = one.values[-1]
        color = color_of(panel, one.name, position) if named else threshold_color(defaults, value)
        place = (position + 0.5) / len(series), 0.52 if named else 0.42
        text = shown(value, defaults["unit"], defaults.get("decimals"))
        axes.text(*place, text, color=color, fontsize=26, ha="center", va="center", weight="bold")
        if named:
            axes.text(place[0], 0.08, one.name, color=TEXT, fontsize=9, ha="center", va="center")


def moments(times: list) -> list[datetime.datetime]:
    return [datetime.datetime.fromtimestamp(moment / 1000) for moment in times]


def draw_timeseries(panel: dict, axes: Axes, frames: list[dict]) -> None:
    series = frame_series(frames)
    custom = panel["fieldConfig"]["defaults"]["custom"]
    series.sort(key=lambda one: -sum(value or 0 for value in one.values))
    hidden = {
        override["matcher"]["options"]
        for override in panel["fieldConfig"]["overrides"]
        if any(entry["id"] == "custom.hideFrom" for entry in override["properties"])
    }
    below: dict[float, float] = {}
    steps = [late - early for one in series for early, late in zip(one.times, one.times[1:])]
    width = min(steps, default=60000) / 86400000 * 0.9
    unit = panel["fieldConfig"]["defaults"]["unit"]
    for position, one in enumerate(series):
        color = color_of(panel, one.name, position)
        known = [value for value in one.values if value is not None]
        total = sum(known) if custom["drawStyle"] == "bars" else (known or [None])[-1]
        label = None if one.name in hidden else f"{one.name[:38]}   {shown(total, unit)}"
        values = [value or 0 for value in one.values]
        if custom["drawStyle"] == "bars":
            base = [below.get(moment, 0) for moment in one.times]
            axes.bar(moments(one.times), values, width=width, bottom=base, color=color, label=label, linewidth=0)
            below.update({moment: start + value for moment, start, value in zip(one.times, base, values)})
        else:
            axes.plot(moments(one.times), values, color=color, label=label, linewidth=1.6)
    axes.set_axis_on()
    axes.set_ylim(bottom=0, top=None if any(value for one in series for value in one.values) else 1)
    axes.yaxis.set_major_formatter(lambda value, _position: shown(value, unit))
    axes.xaxis.set_major_formatter(mdates.DateFormatter("%H:%M"))
    axes.tick_params(colors=FAINT, labelsize=8, length=0)
    axes.grid(color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.legend(
        loc="upper left", bbox_to_anchor=(1.01, 1.04), fontsize=7.5, labelcolor=TEXT, frameon=False, handlelength=1
    )


def draw_bargauge(panel: dict, axes: Axes, frames: list[dict]) -> None:
    series = sorted(frame_series(frames), key=lambda one: -(one.values[-1] or 0))
    defaults = panel["fieldConfig"]["defaults"]
    most = max((one.values[-1] or 0 for one in series), default=1) or 1
    slots = max(len(series), 6)
    for position, one in enumerate(series):
        bottom, value = slots - position - 1, one.values[-1]
        name = one.name if len(one.name) <= 44 else "…" + one.name[-43:]
        color = threshold_color(defaults, value) if "thresholds" in defaults else SERIES[2]
        axes.barh(bottom + 0.22, 0.84 * (value or 0) / most, height=0.3, color=color)
        axes.text(0, bottom + 0.45, name, color=TEXT, fontsize=8, va="bottom")
        text = shown(value, defaults["unit"], defaults.get("decimals"))
        axes.text(1, bottom + 0.22, text, color=color, fontsize=9, ha="right", va="center")
    axes.set(xlim=(0, 1), ylim=(0, slots))


def cell(name: str, value: t.Any) -> str:
    if name == "Time":
        return datetime.datetime.fromtimestamp(value / 1000).strftime("%Y-%m-%d %H:%M:%S")
    return shown(value) if isinstance(value, (int, float)) else str(value if value is not None else "")


def table_rows(panel: dict, frames: list[dict]) -> tuple[list[str], list[list[str]]]:
    """Header and rows after the panel's transformations; labels become columns."""
    rows: list[dict[str, t.Any]] = []
    for frame in frames:
        fields, columns = frame["schema"]["fields"], frame["data"]["values"]
        for values in zip(*columns):
            row: dict[str, t.Any] = {}
            for field, value in zip(fields, values):
                row.update(field.get("labels") or {})
                row.update(value if isinstance(value, dict) else {})
                row["Time" if field["type"] == "time" else field["name"]] = value
            rows.append(row)
    organize = panel["transformations"][-1]["options"]
    # Grafana sorts the keys of what it stores.
    titles = dict(sorted(organize["renameByName"].items(), key=lambda item: organize["indexByName"][item[0]]))
    # Some versions of Grafana call a column otherwise, so two names may lead to one title.
    pick = list({title: name for name, title in reversed(titles.items()) if any(name in row for row in rows)}.items())[
        ::-1
    ]
    order = panel["options"]["sortBy"][0]
    by = next(name for title, name in pick if title == order["displayName"])
    rows.sort(key=lambda row: row.get(by) or 0, reverse=order["desc"])
    return [title for title, _ in pick], [[cell(name, row.get(name)) for _, name in pick] for row in rows]


def draw_table(panel: dict, axes: Axes, frames: list[dict]) -> None:
    header, rows = table_rows(panel, frames)
    lines = int((panel["gridPos"]["h"] * UNIT_HEIGHT - 42) / 21)
    rows = rows[: lines - 1]
    letters = int(panel["gridPos"]["w"] * UNIT_WIDTH / 6.3)
    widths = [max(len(row[column]) for row in [header, *rows]) + 3 for column in range(len(header))]
    # The last column gives way, then the longest.
    while sum(widths) > letters and max(widths) > 12:
        widths[widths.index(max(widths))] -= 1
    starts = [sum(widths[:column]) / sum(widths) for column in range(len(header))]
    linked = {
        override["matcher"]["options"]
        for override in panel["fieldConfig"]["overrides"]
        if any(entry["id"] == "links" for entry in override["properties"])
    }
    for number, row in enumerate([header, *rows]):
        height = 1 - (number + 0.5) / lines
        for title, start, width, text in zip(header, starts, widths, row):
            color = FAINT if number == 0 else SERIES[2] if title in linked else TEXT
            short = text if len(text) < width else text[: width - 3] + "…"
            axes.text(start, height, short.replace("$", r"\$"), color=color, fontsize=8.5, va="center", clip_on=True)
        axes.axhline(height - 0.5 / lines, color=GRID, linewidth=0.6)
    axes.set(xlim=(0, 1), ylim=(0, 1))


def draw_logs(panel: dict, axes: Axes, frames: list[dict]) -> None:
    lines = []
    for frame in frames:
        names = [field["name"] for field in frame["schema"]["fields"]]
        columns = dict(zip(names, frame["data"]["values"]))
        lines += zip(columns["Time"], columns["Line"])
    room = int(panel["gridPos"]["h"] * UNIT_HEIGHT / 17) - 3
    letters = int(panel["gridPos"]["w"] * UNIT_WIDTH / 6.2) - 6
    for number, (moment, line) in enumerate(sorted(lines, reverse=True)[:room]):
        clock = datetime.datetime.fromtimestamp(moment / 1000).strftime("%H:%M:%S.%f")[:-3]
        text = f"{clock}  {line.strip()}"[:letters].replace("$", r"\$")
        axes.text(0, 1 - (number + 0.5) / room, text, color=TEXT, fontsize=7.4, va="center", family="monospace")


DRAW: dict[str, t.Callable[[dict, Axes, list[dict]], None]] = {
    "stat": draw_stat,
    "timeseries": draw_timeseries,
    "bargauge": draw_bargauge,
    "table": draw_table,
    "logs": draw_logs,
}


def place(figure: Figure, pixels: tuple[float, float, float, float], **more: t.Any) -> Axes:
    """Axes at x, y (from the top), width, height in pixels."""
    width, height = figure.get_size_inches() * DPI
    x, y, w, h = pixels
    axes = figure.add_axes((x / width, 1 - (y + h) / height, w / width, h / height), **more)
    axes.set(xticks=[], yticks=[])
    return axes


def draw_panel(figure: Figure, panel: dict, top: int, frames: list[dict], span: tuple[float, float]) -> None:
    grid = panel["gridPos"]
    x, y = grid["x"] * UNIT_WIDTH + GAP, top + grid["y"] * UNIT_HEIGHT + GAP
    w, h = grid["w"] * UNIT_WIDTH - GAP, grid["h"] * UNIT_HEIGHT - GAP
    if panel["type"] == "row":
        place(figure, (x, y, w, h), frame_on=False).text(
            0, 0.5, "+ " + panel["title"], color=TEXT, fontsize=11, va="center"
        )
        return
    back = place(figure, (x, y, w, h), facecolor=PANEL)
    for side in back.spines.values():
        side.set_color(GRID)
    back.text(10, 20, panel["title"], transform=None, color=TEXT, fontsize=10).set_transform(
        matplotlib.transforms.ScaledTranslation(
            x / DPI, figure.get_figheight() - (y + 40) / DPI, figure.dpi_scale_trans
        )
    )
    legend = 0.34 * w if panel["type"] == "timeseries" else 0
    left = 40 if panel["type"] == "timeseries" else 12
    bottom = 26 if panel["type"] == "timeseries" else 8
    axes = place(figure, (x + left, y + 34, w - left - 12 - legend, h - 34 - bottom), facecolor="none")
    axes.set_axis_off()
    if panel["type"] == "timeseries":
        whole = panel["fieldConfig"]["defaults"].get("decimals") == 0
        axes.yaxis.set_major_locator(matplotlib.ticker.MaxNLocator(5, integer=whole))
        axes.xaxis.set_major_locator(mdates.AutoDateLocator(maxticks=7))
    if not frames:
        missing = panel["fieldConfig"]["defaults"].get("noValue", "No data") if "fieldConfig" in panel else "No data"
        axes.text(0.5, 0.5, missing, color=FAINT, fontsize=14, ha="center", va="center")
        return
    DRAW[panel["type"]](panel, axes, frames)
    if panel["type"] == "timeseries":
        axes.set_xlim(*(datetime.datetime.fromtimestamp(moment) for moment in span))


def chosen_text(variable: dict) -> str:
    text = variable["current"]["text"]
    return (", ".join(text) if isinstance(text, list) else text) or "-"


def render(grafana: Grafana, dashboard: dict, target: Path) -> None:
    """One picture of the whole page; a closed row stays closed."""
    end, seconds = time.time(), grafana_panels.range_seconds(dashboard)
    frames: dict[int, list[dict]] = {}
    for entry in grafana_panels.panel_queries(dashboard):
        frames.setdefault(entry["panel_id"], []).extend(grafana.ask([entry["query"]], end, seconds))
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in dashboard["panels"])
    head = 48
    size = (24 * UNIT_WIDTH + GAP, head + rows * UNIT_HEIGHT + GAP)
    figure = plt.figure(figsize=(size[0] / DPI, size[1] / DPI), dpi=DPI, facecolor=PAGE)
    stamp = datetime.datetime.fromtimestamp(end).strftime("%Y-%m-%d %H:%M")
    bar = place(figure, (GAP, 0, size[0] - 2 * GAP, head), frame_on=False)
    bar.text(0, 0.5, dashboard["title"], color=TEXT, fontsize=15, va="center", weight="bold")
    choices = "   ".join(
        f"{variable.get('label') or variable['name']}: {chosen_text(variable)}"
        for variable in dashboard["templating"]["list"]
    )
    bar.text(0.22, 0.5, choices, color=FAINT, fontsize=9, va="center")
    bar.text(1, 0.5, f"{dashboard['time']['from']} to {stamp}", color=FAINT, fontsize=10, va="center", ha="right")
    for panel in dashboard["panels"]:
        draw_panel(figure, panel, head, frames.get(panel["id"], []), (end - seconds, end))
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target)
    plt.close(figure)
    print(target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True, help="address of Grafana")
    parser.add_argument("--user", default="admin", help="user of Grafana; the password comes from GRAFANA_PASSWORD")
    parser.add_argument("--output", type=Path, default=TOP / "docs" / "images", help="folder of the pictures")
    parser.add_argument("--since", help="begin of the time range, as now-30m, in place of the dashboard's own")
    parser.add_argument(
        "uid",
        nargs="*",
        default=sorted(file.stem for file in DASHBOARDS.glob("*.json")),
        help="dashboards to draw; all by default",
    )
    options = parser.parse_args()
    if "GRAFANA_PASSWORD" not in os.environ:
        parser.error("set GRAFANA_PASSWORD to the password of the user")
    grafana = Grafana(options.url, options.user, os.environ["GRAFANA_PASSWORD"])
    for uid in options.uid:
        dashboard = grafana.dashboard(uid)
        if options.since:
            dashboard["time"]["from"] = options.since
        render(grafana, dashboard, options.output / f"{uid}.png")


if __name__ == "__main__":
    main()
