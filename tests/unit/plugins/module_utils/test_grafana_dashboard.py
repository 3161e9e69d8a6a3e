# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_dashboard as boards
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_panels

OWNER = "test.owner"
OURS = sorted((Path(__file__).parents[4] / "roles" / "grafana_wiring" / "files" / "dashboards").glob("*.json"))


def _definition(**more):
    return {"uid": "nodes", "title": "Nodes", "tags": ["team-a"], "panels": [], **more}


def _hit(dashboard, uid=None):
    return {"uid": uid or dashboard.uid, "title": dashboard.title, "tags": dashboard.body["tags"], "folderUid": "f"}


def test_tags_name_owner_and_content():
    dashboard = boards.prepare(_definition(), {}, OWNER)
    assert dashboard.body["tags"] == ["team-a", OWNER, dashboard.mark]
    assert len(dashboard.mark) <= 50


def test_the_mark_follows_the_content_and_nothing_else():
    first = boards.prepare(_definition(), {}, OWNER)
    # As Grafana gives it back: other order, an id, a version, our own tags.
    again = {"version": 9, "id": 4, "panels": [], "title": "Nodes", "uid": "nodes", "tags": first.body["tags"]}
    assert boards.prepare(again, {}, OWNER).mark == first.mark
    assert boards.prepare(_definition(panels=[{"id": 1}]), {}, OWNER).mark != first.mark
    assert boards.prepare(_definition(uid="other"), {}, OWNER).mark != first.mark


def test_inputs_are_filled_by_name_or_by_plugin():
    definition = _definition(
        __inputs=[
            {"name": "DS_A", "type": "datasource", "pluginId": "prometheus"},
            {"name": "DS_B", "type": "datasource", "pluginId": "loki"},
            {"name": "VAR_X", "type": "constant", "value": "seven"},
        ],
        __requires=[{"id": "grafana"}],
        panels=[{"datasource": {"uid": "${DS_A}"}, "targets": [{"datasource": "${DS_B}", "expr": "${VAR_X} ${pod}"}]}],
    )
    body = boards.prepare(definition, {"prometheus": "prom-uid", "DS_B": "loki-uid"}, OWNER).body
    assert body["panels"] == [
        {"datasource": {"uid": "prom-uid"}, "targets": [{"datasource": "loki-uid", "expr": "seven ${pod}"}]}
    ]
    assert not {"__inputs", "__requires"} & set(body)


def test_a_missing_input_is_named():
    definition = _definition(__inputs=[{"name": "DS_A", "type": "datasource", "pluginId": "tempo"}])
    with pytest.raises(boards.DefinitionError, match=r"'Nodes' asks for the input 'DS_A'.*add DS_A or tempo"):
        boards.prepare(definition, {}, OWNER)


def _resource(version, **spec):
    api = f"dashboard.grafana.app/{version}"
    return {"apiVersion": api, "kind": "Dashboard", "metadata": {"name": "nodes"}, "spec": spec}


@pytest.mark.parametrize("version", ["v0alpha1", "v1beta1", "v1"])
@pytest.mark.parametrize("more", [{}, {"uid": "another"}])
def test_a_resource_is_the_dashboard_inside_it(version, more):
    definition = _definition(**more)
    if not more:
        del definition["uid"]
    resource = _resource(version, **definition)
    assert boards.prepare(resource, {}, OWNER) == boards.prepare(_definition(), {}, OWNER)


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ({"title": "Nodes", "elements": {}, "layout": {}}, "'Nodes' is the inside of a V2 resource.*apiVersion"),
        (
            {**_resource("v1", title="Nodes"), "apiVersion": "v1"},
            "'nodes' has the apiVersion 'v1'.*dashboard.grafana.app",
        ),
        (_resource("v2beta1", elements={}), "no title"),
        (_resource("v1beta1", panels=[]), "no title"),
        ({**_resource("v1beta1"), "spec": None}, "no title"),
        (_definition(uid="a/b"), "has the uid 'a/b', which Grafana refuses: give it 1 to 40 letters"),
        (_definition(uid=7), "has the uid 7, which Grafana refuses"),
        ({"uid": "a"}, "no title"),
        (["not", "one"], "no title"),
        ({"title": "Nodes"}, "'Nodes' has no uid"),
    ],
)
def test_unusable_definitions_are_refused(definition, message):
    with pytest.raises(boards.DefinitionError, match=message):
        boards.prepare(definition, {}, OWNER)


def test_two_of_the_same_uid_are_refused():
    with pytest.raises(boards.DefinitionError, match=r"'Nodes' and 'More' have the same uid 'nodes'"):
        boards.prepare_all([_definition(), _definition(title="More")], {}, OWNER)


def test_stale_are_ours_that_are_not_declared():
    kept = boards.prepare(_definition(), {}, OWNER)
    gone = boards.prepare(_definition(uid="gone"), {}, OWNER)
    # Somebody's copy of ours has our tags under another uid; a foreign one may have the owner's tag alone.
    hits = [_hit(kept), _hit(gone), _hit(gone, uid="copy"), {"uid": "foreign", "tags": [OWNER]}, {"uid": "bare"}]
    assert boards.stale(hits, [kept], OWNER) == ["gone"]
    assert boards.stale(hits, [kept], "another.owner") == []


@pytest.mark.parametrize("file", OURS, ids=lambda file: file.stem)
def test_our_dashboards_are_sound(file):
    definition = json.loads(file.read_text())
    inputs = {wanted["name"]: wanted.get("pluginId", "constant") for wanted in definition.get("__inputs", [])}
    dashboard = boards.prepare(definition, inputs, OWNER)
    assert dashboard.uid == file.stem
    queries = grafana_panels.panel_queries(dashboard.body)
    assert {entry["datasource_uid"] for entry in queries} <= {"prometheus", "loki"}
    # Every variable is filled in: what is left of a dollar sign would reach the data source.
    assert [entry["query"]["expr"] for entry in queries if "$" in entry["query"]["expr"]] == []


def test_there_are_dashboards_to_test():
    assert len(OURS) >= 2
