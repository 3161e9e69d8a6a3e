# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an export of a dashboard may carry is in Grafana afterwards, or is refused by name."""

from __future__ import annotations

import functools
import json

import pytest
from grafana_double import RELEASES, Double
from modules import run

FOLDER = {"folder_uid": "ours", "folder_title": "Ours", "owner": "us"}
INPUTS = {"prometheus": "prom-uid", "loki": "loki-uid"}
HYPHEN = {
    "__inputs": [
        {"name": "DS_PROMETHEUS-TEAM-A", "label": "Prometheus-team-a", "type": "datasource", "pluginId": "prometheus"}
    ],
    "title": "Shop",
    "uid": "shop",
    "schemaVersion": 39,
    "panels": [
        {
            "id": 1,
            "type": "timeseries",
            "title": "Up",
            "datasource": {"type": "prometheus", "uid": "${DS_PROMETHEUS-TEAM-A}"},
            "targets": [{"refId": "A", "expr": "up"}],
        }
    ],
}
V1 = {
    "apiVersion": "dashboard.grafana.app/v1beta1",
    "kind": "Dashboard",
    "metadata": {"name": "shop"},
    "spec": {"title": "Shop", "panels": []},
}


def v2(version="v2", **spec):
    layout = {"kind": "GridLayout", "spec": {"items": []}}
    return {
        "apiVersion": f"dashboard.grafana.app/{version}",
        "kind": "Dashboard",
        "metadata": {"name": "shop", "labels": {"team": "a"}, "annotations": {"grafana.app/folder": "theirs"}},
        "spec": {"title": "Shop", "elements": {}, "layout": layout, **spec},
    }


def query(label, group):
    labels = {"grafana.app/export-label": label}
    return {"kind": "DataQuery", "group": group, "version": "v0", "spec": {"expr": "up"}, "labels": labels}


@pytest.fixture
def have(grafana):
    return functools.partial(run, "grafana_dashboards", grafana.url, **FOLDER, inputs=INPUTS)


@pytest.fixture(params=["12.4.0", "13.3.0", "14.0.0"])
def newer(request):
    with Double(RELEASES[request.param]) as double:
        yield double


def newest_v2(grafana):
    return "v2" if grafana.release.stable else "v2beta1"


def stored(grafana, uid="shop"):
    return grafana.dashboards.stored[uid].body


def test_names_of_inputs_have_any_characters(grafana, have):
    names = [
        "DS_PROMETHEUS-TEAM-A",
        "DS_GRAFANACLOUD-ME-PROM",
        "DS_MY.PROM (EU) 2",
        "DS_X-FOR-LIBRARY-PANEL",
        "DS_ÜBER",
    ]
    board = json.loads(json.dumps(HYPHEN))
    board["__inputs"] = [{"name": name, "type": "datasource", "pluginId": "prometheus"} for name in names]
    board["panels"] = [{"id": number, "datasource": {"uid": f"${{{name}}}"}} for number, name in enumerate(names)]
    assert have(dashboards=[board])["created"] == ["shop"]
    assert [panel["datasource"]["uid"] for panel in stored(grafana)["panels"]] == ["prom-uid"] * len(names)
    assert not have(dashboards=[board])["changed"]


def test_inputs_are_filled_wherever_they_are(grafana, have):
    board = {
        "title": "Shop",
        "uid": "shop",
        "__inputs": [
            {"name": "DS_P", "type": "datasource", "pluginId": "prometheus"},
            {"name": "DS_EXPRESSION", "type": "datasource", "pluginId": "__expr__"},
            {"name": "VAR_JOB", "type": "constant", "value": "api"},
        ],
        "annotations": {"list": [{"name": "Deploys", "datasource": {"type": "prometheus", "uid": "${DS_P}"}}]},
        "templating": {
            "list": [
                {"name": "source", "type": "datasource", "query": "prometheus", "current": {"value": "${DS_P}"}},
                {"name": "job", "type": "constant", "query": "${VAR_JOB}", "current": {"value": "${VAR_JOB}"}},
                {"name": "pod", "type": "query", "datasource": {"uid": "${source}"}},
            ]
        },
        "panels": [
            {
                "type": "row",
                "collapsed": True,
                "panels": [
                    {
                        "datasource": {"uid": "${source}"},
                        "targets": [
                            {"datasource": {"uid": "${DS_P}"}, "expr": 'up{job="${VAR_JOB}",pod="${pod:regex}"}'},
                            {"datasource": {"type": "__expr__", "uid": "${DS_EXPRESSION}"}, "expression": "A"},
                        ],
                    }
                ],
            }
        ],
    }
    assert have(dashboards=[board])["created"] == ["shop"]
    body = stored(grafana)
    assert body["annotations"]["list"][0]["datasource"]["uid"] == "prom-uid"
    assert [one.get("current") for one in body["templating"]["list"]] == [{"value": "prom-uid"}, {"value": "api"}, None]
    panel = body["panels"][0]["panels"][0]
    assert panel["datasource"] == {"uid": "${source}"}
    assert [target["datasource"]["uid"] for target in panel["targets"]] == ["prom-uid", "__expr__"]
    assert panel["targets"][0]["expr"] == 'up{job="api",pod="${pod:regex}"}'


def test_a_reference_that_nobody_declared_is_filled_or_refused(grafana, have):
    board = {"title": "Shop", "uid": "shop", "panels": [{"datasource": {"type": "loki", "uid": "${DS_LOKI}"}}]}
    assert have(dashboards=[board])["created"] == ["shop"]
    assert stored(grafana)["panels"][0]["datasource"]["uid"] == "loki-uid"
    board["panels"].append({"datasource": "${DS_OTHER}"})
    refused = have(dashboards=[board])
    assert "dashboard 'Shop' asks for the input 'DS_OTHER', which inputs does not have" in refused["msg"]


def test_library_panels_come_along(grafana, have):
    element = {
        "name": "CPU",
        "uid": "lib-1",
        "kind": 1,
        "model": {"type": "stat", "title": "CPU", "targets": [{"a": 1}]},
    }
    element["model"]["datasource"] = {"type": "prometheus", "uid": "${DS_P}"}
    panel = {"id": 7, "gridPos": {"x": 1}, "libraryPanel": {"uid": "lib-1", "name": "CPU"}}
    board = {"title": "Shop", "uid": "shop", "panels": [panel], "__elements": {"lib-1": element}}
    board["__inputs"] = [{"name": "DS_P", "type": "datasource", "pluginId": "prometheus"}]
    assert have(dashboards=[board])["created"] == ["shop"]
    source = {"type": "prometheus", "uid": "prom-uid"}
    kept = {"type": "stat", "title": "CPU", "targets": [{"a": 1}], "datasource": source, "id": 7, "gridPos": {"x": 1}}
    assert stored(grafana)["panels"] == [kept]


def test_a_library_panel_that_is_nowhere_is_named(grafana, have):
    panel = {"id": 7, "gridPos": {"x": 1}, "libraryPanel": {"uid": "lib-1", "name": "CPU"}}
    board = {"title": "Shop", "uid": "shop", "panels": [panel]}
    assert "shows the library panel 'lib-1', which Grafana at" in have(dashboards=[board])["msg"]
    assert grafana.writes() == []
    grafana.folders.library["lib-1"] = {"uid": "lib-1", "name": "CPU", "folderUid": ""}
    assert have(dashboards=[board])["created"] == ["shop"]
    assert stored(grafana)["panels"] == [panel]


def test_a_v1_resource_is_the_dashboard_inside(grafana, have):
    resource = {**V1, "metadata": {"name": "shop", "annotations": {"grafana.app/folder": "theirs"}}}
    first = have(dashboards=[resource])
    assert first["created"] == ["shop"]
    assert first["warnings"] == ["dashboard 'Shop' was exported from the folder 'theirs' and goes into 'ours'"]
    assert stored(grafana)["title"] == "Shop"
    assert not have(dashboards=[V1])["changed"]


def test_an_answer_of_the_api_will_do(grafana, have):
    answer = {
        "dashboard": {"id": 5, "version": 9, "uid": "shop", "title": "Shop", "panels": []},
        "meta": {"slug": "shop"},
    }
    assert have(dashboards=[answer])["created"] == ["shop"]
    assert (stored(grafana)["version"], stored(grafana)["id"]) == (1, 1)


def test_a_panel_plugin_that_grafana_lacks_is_told(have):
    board = {"title": "Shop", "uid": "shop", "panels": []}
    board["__requires"] = [{"type": "panel", "id": one} for one in ("stat", "graph", "volkovlabs-echarts-panel")]
    assert "needs the panel plugin volkovlabs-echarts-panel, which Grafana" in have(dashboards=[board])["warnings"][0]


@pytest.mark.parametrize("release", ["9.5.21", "11.6.3", "12.4.0"])
def test_v2_where_it_is_not_stored_is_refused_with_a_remedy(release):
    with Double(RELEASES[release]) as double:
        result = run("grafana_dashboards", double.url, **FOLDER, dashboards=[v2()])
        assert double.writes() == []
    assert "the schema is not stored by Grafana at" in result["msg"]
    assert "(dashboard.grafana.app/v2)" in result["msg"]
    expected = "declare one of v2alpha1, v2beta1" if release == "12.4.0" else "declare the V1 form"
    assert expected in result["msg"]
    assert "/apis/dashboard.grafana.app/VERSION/namespaces/default/dashboards/shop" in result["msg"]


def test_v2_is_made_kept_changed_and_removed(newer):
    have = functools.partial(run, "grafana_dashboards", newer.url, **FOLDER, inputs=INPUTS, restore_edits=True)
    version = newest_v2(newer)
    element = {"kind": "Panel", "spec": {"id": 1, "data": {"spec": {"queries": [query("prometheus-1", "prometheus")]}}}}
    board = v2(version, elements={"panel-1": element}, annotations=[query("grafana-1", "grafana")])
    assert have(dashboards=[board], check=True)["created"] == ["shop"]
    assert newer.writes() == []
    assert have(dashboards=[board])["created"] == ["shop"]
    kept = newer.dashboards.stored["shop"]
    assert (kept.folder, kept.schema_v2, kept.body["tags"][0]) == ("ours", True, "us")
    found = kept.body["elements"]["panel-1"]["spec"]["data"]["spec"]["queries"][0]
    assert (found["datasource"], "labels" in found) == ({"name": "prom-uid"}, False)
    assert kept.body["annotations"][0]["datasource"] == {"name": "-- Grafana --"}
    assert not have(dashboards=[board])["changed"]

    newer.dashboards.keep_v2(
        "shop", {**kept.body, "elements": {"panel-1": {"kind": "Panel", "spec": {}}}}, "ours", "by hand"
    )
    assert have(dashboards=[board])["updated"] == ["shop"]
    assert newer.dashboards.stored["shop"].body["elements"] == kept.body["elements"]
    assert not have(dashboards=[board])["changed"]

    # From V2 to classic and back.
    assert have(dashboards=[HYPHEN])["updated"] == ["shop"]
    assert not have(dashboards=[HYPHEN])["changed"]
    assert have(dashboards=[v2(version)])["updated"] == ["shop"]
    assert have(dashboards=[], purge=True)["removed"] == ["shop"]
    assert newer.dashboards.stored == {}


def test_v2_of_others_is_left_alone(newer):
    have = functools.partial(run, "grafana_dashboards", newer.url, **FOLDER)
    version = newest_v2(newer)
    newer.dashboards.keep_v2("shop", {"title": "Theirs", "elements": {}, "layout": {}}, "", "")
    assert "already has a dashboard with the uid 'shop' ('Theirs')" in have(dashboards=[v2(version)])["msg"]
    assert newer.writes() == []
    assert have(dashboards=[v2(version)], overwrite=True)["updated"] == ["shop"]


def test_an_input_of_v2_without_a_value_is_named(newer):
    board = v2(newest_v2(newer), elements={"a": query("tempo-1", "tempo")})
    refused = run("grafana_dashboards", newer.url, **FOLDER, dashboards=[board], inputs=INPUTS)
    assert "asks for the input 'tempo-1', which inputs does not have: add tempo-1 or tempo" in refused["msg"]
