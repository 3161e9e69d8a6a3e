"""The dashboards are what roles/grafana_wiring/dashboards builds, and link to each other."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
sys.path.insert(0, str(TOP / "roles" / "grafana_wiring"))
from dashboards import build

TEXTS = build.files()
PAGES = {page["uid"]: page for page in map(json.loads, TEXTS.values())}
# What Grafana 9 to 13 all have; graph, singlestat and table-old are gone from 12 on.
KINDS = {"stat", "timeseries", "bargauge", "table", "logs", "row"}
GRAFANAS_OWN = re.compile(r"__\w+")


@pytest.fixture(params=PAGES)
def page(request):
    return PAGES[request.param]


def panels_of(page):
    return [panel for outer in page["panels"] for panel in (outer, *outer.get("panels", []))]


def strings(node):
    if isinstance(node, str):
        yield node
    for item in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from strings(item)


def variables_of(page):
    return {variable["name"] for variable in page["templating"]["list"]}


def test_the_files_are_current():
    """Fix: roles/grafana_wiring/dashboards/build.py"""
    assert {file.name: file.read_text(encoding="utf-8") for file in build.FOLDER.glob("*.json")} == {
        file.name: text for file, text in TEXTS.items()
    }


def test_panels_are_of_kinds_that_every_grafana_has(page):
    assert {panel["type"] for panel in panels_of(page)} <= KINDS
    assert page["schemaVersion"] <= 37


def test_panels_have_numbers_of_their_own_and_do_not_overlap(page):
    panels = panels_of(page)
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for grid in (panel["gridPos"] for panel in panels)
        for x in range(grid["x"], grid["x"] + grid["w"])
        for y in range(grid["y"], grid["y"] + grid["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _y in cells) < 24


def test_every_panel_says_what_it_shows(page):
    assert [panel["title"] for panel in panels_of(page) if panel["type"] != "row" and not panel["description"]] == []


def test_every_variable_in_a_query_is_there(page):
    known = variables_of(page)
    for panel in panels_of(page):
        for target in panel.get("targets", []):
            named = set(re.findall(r"\$(\w+)", target["expr"]))
            assert {name for name in named if not GRAFANAS_OWN.fullmatch(name)} <= known, panel["title"]


def test_every_input_is_used_and_every_used_one_is_there(page):
    wanted = {entry["name"] for entry in page["__inputs"]}
    rest = {key: value for key, value in page.items() if key != "__inputs"}
    used = {name for text in strings(rest) for name in re.findall(r"\$\{((?:DS|VAR)_\w+)\}", text)}
    assert used == wanted


def test_links_lead_to_a_page_and_to_its_variables(page):
    for text in strings(page):
        for uid, query in re.findall(r"^/d/([\w-]+)(?:\?(.*))?$", text):
            assert uid in PAGES, text
            assert set(re.findall(r"var-(\w+)=", query)) <= variables_of(PAGES[uid]), text


def test_each_page_leads_to_all_others(page):
    assert {link["url"] for link in page["links"]} == {f"/d/{uid}" for uid in PAGES if uid != page["uid"]}


def test_a_column_that_leads_on_is_there(page):
    """A link takes its values from columns by their titles."""
    for panel in panels_of(page):
        if panel["type"] == "table":
            titles = set(panel["transformations"][-1]["options"]["renameByName"].values())
            named = {name for text in strings(panel["fieldConfig"]) for name in re.findall(r"fields\.(\w+)\}", text)}
            assert named <= titles, panel["title"]


def test_no_text_for_an_empty_panel_gets_into_cells(page):
    """Grafana shows noValue in each empty cell of a table, and gives it to the cell's links."""
    for panel in panels_of(page):
        if panel["type"] == "table":
            assert not [text for text in properties_of(panel) if text == "noValue"], panel["title"]


def properties_of(panel):
    config = panel["fieldConfig"]
    return [*config["defaults"], *(entry["id"] for item in config["overrides"] for entry in item["properties"])]


def test_no_number_is_rounded_to_thousands(page):
    """The unit short makes 4 K of 3,650 days."""
    for panel in panels_of(page):
        assert panel.get("fieldConfig", {}).get("defaults", {}).get("unit") != "short", panel["title"]


def test_bars_and_numbers_count_the_same_and_bars_go_on_until_now(page):
    """A query ends at the last whole step; with a window before it bars and numbers would disagree."""
    for panel in panels_of(page):
        bars = panel.get("fieldConfig", {}).get("defaults", {}).get("custom", {}).get("drawStyle") == "bars"
        windows = {
            window
            for target in panel.get("targets", [])
            for window in re.findall(r"\[\$__(?:range|interval)\](?: offset -\$__interval)?", target["expr"])
        }
        if bars:
            assert windows == {"[$__interval] offset -$__interval"}, panel["title"]
        elif panel["type"] != "timeseries":
            assert windows <= {"[$__range]"}, panel["title"]


def test_no_row_of_a_table_is_made_up(page):
    """A link would take its name, as in var-user=none."""
    for panel in panels_of(page):
        if panel["type"] == "table":
            assert "label_replace" not in panel["targets"][0]["expr"], panel["title"]


# Grafana's pages at 1280 pixels leave these for the 24 columns of the grid.
NARROW = 1280 - 32


def test_the_columns_of_a_table_fit_into_a_narrow_window(page):
    for panel in panels_of(page):
        if panel["type"] != "table":
            continue
        config = panel["fieldConfig"]
        widths = {
            item["matcher"]["options"]: entry["value"]
            for item in config["overrides"]
            for entry in item["properties"]
            if entry["id"] == "custom.width"
        }
        titles = set(panel["transformations"][-1]["options"]["renameByName"].values())
        assert set(widths) <= titles, panel["title"]
        # Names of namespaces, pods and rules need some room.
        needed = sum(widths.get(title, max(90, config["defaults"]["custom"]["minWidth"])) for title in titles)
        assert needed <= NARROW * panel["gridPos"]["w"] / 24 - 24, (panel["title"], needed)


def test_a_table_shows_most_of_its_rows(page):
    """A row and the head take 36 pixels each, a unit of the grid 38, the panel's title and borders 50."""
    for panel in panels_of(page):
        if panel["type"] == "table":
            asked = re.search(r"topk\((\d+),", panel["targets"][0]["expr"])
            rows = int(asked[1]) if asked else 10
            assert panel["gridPos"]["h"] * 38 - 50 >= (rows + 1) * 36, panel["title"]
