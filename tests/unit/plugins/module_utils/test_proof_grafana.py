# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof's checks of Grafana: data sources and dashboards."""

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof import (
    dashboards,
    data_sources,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.grafana import Refused
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.watch import Watch
from proof_results import BRIEF, only, verdict


class FakeGrafana:
    """Answers by path; an exception is raised."""

    def __init__(self, paths, query=None):
        self.paths = paths
        self.answer = query
        self.bodies = []

    def get(self, path):
        answer = self.paths[path.partition("?")[0]]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def tagged(self, tag):
        return self.get("/api/search")

    def dashboard(self, uid):
        return self.get(f"/api/dashboards/uid/{uid}")["dashboard"]

    def query(self, body):
        self.bodies.append(body)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_data_source_by_its_health():
    grafana = FakeGrafana({"/api/datasources/uid/loki/health": {"status": "OK", "message": "connected"}})
    entry = only(data_sources.data_source(Watch(5), grafana, "loki"))
    assert (verdict(entry), entry["detail"]) == (("data source loki answers", True), "connected")


def test_data_source_by_a_query_where_health_is_unknown():
    paths = {
        "/api/datasources/uid/loki/health": Refused("HTTP 404", 404),
        "/api/datasources/uid/loki": {"type": "loki"},
    }
    grafana = FakeGrafana(paths, {"results": {}})
    assert only(data_sources.data_source(Watch(5), grafana, "loki"))["ok"]
    assert grafana.bodies[0]["queries"][0]["expr"] == '{namespace=~".+"}'


def test_data_source_that_is_down():
    grafana = FakeGrafana({"/api/datasources/uid/loki/health": Refused("HTTP 400 no such host", 400)})
    entry = only(data_sources.data_source(Watch(BRIEF), grafana, "loki"))
    assert not entry["ok"]
    assert "no such host" in entry["detail"]


def _dashboard(uid, *panels):
    return {
        "dashboard": {
            "uid": uid,
            "title": uid.upper(),
            "time": {"from": "now-15m", "to": "now"},
            "panels": [
                {
                    "id": number,
                    "title": title,
                    "type": "stat",
                    "datasource": {"type": "prometheus", "uid": "prometheus"},
                    "targets": [{"refId": "A", "expr": title}],
                }
                for number, title in enumerate(panels)
            ],
        }
    }


def _frames(value):
    frame = {"schema": {"fields": [{"type": "number"}]}, "data": {"values": [[value]]}}
    return {"results": {"A": {"frames": [frame]}}}


def _with_dashboards(query, *uids, folder="ours"):
    hits = [{"uid": uid, "folderUid": folder} for uid in uids] + [{"uid": "foreign", "folderUid": "other"}]
    paths = {f"/api/dashboards/uid/{uid}": _dashboard(uid, "up", "down") for uid in uids}
    return FakeGrafana({"/api/search": hits, **paths}, query)


def test_expected_dashboards_have_data_and_others_are_not_looked_at():
    grafana = _with_dashboards(_frames(1), "a", "b", "of-a-user")
    proof = list(dashboards.dashboards(Watch(5), grafana, "ours", ["b", "a"]))
    assert [verdict(entry) for entry in proof] == [
        ("dashboard A has data in every panel", True),
        ("dashboard B has data in every panel", True),
    ]
    assert proof[0]["detail"] == "2 panels, 2 queries"


def test_a_users_dashboard_whose_variables_have_no_choice():
    grafana = _with_dashboards(_frames(1), "a")
    page = _dashboard("a", 'up{pod=~"$pod"}')
    page["dashboard"]["panels"][0]["datasource"] = {"uid": "${source}"}
    variables = [{"name": "source", "type": "datasource", "query": "prometheus"}, {"name": "pod", "type": "query"}]
    page["dashboard"]["templating"] = {"list": variables}
    grafana.paths["/api/dashboards/uid/a"] = page
    (entry,) = dashboards.dashboards(Watch(5), grafana, "ours", ["a"], {"prometheus": "prom"})
    assert entry["ok"]
    query = grafana.bodies[-1]["queries"][0]
    assert (query["datasource"], query["expr"]) == ({"uid": "prom"}, 'up{pod=~".*"}')


@pytest.mark.parametrize("answer, reason", [(_frames(None), "empty"), (Refused("parse error"), "parse error")])
def test_empty_panels_are_named(answer, reason):
    (entry,) = dashboards.dashboards(Watch(BRIEF), _with_dashboards(answer, "a"), "ours", ["a"])
    assert not entry["ok"]
    assert f"up (A): {reason}; down (A): {reason}" in entry["detail"]


def test_an_empty_panel_gives_the_reason_it_shows():
    grafana = _with_dashboards(_frames(None), "a")
    page = _dashboard("a", "up")
    page["dashboard"]["panels"][0]["fieldConfig"] = {"defaults": {"noValue": "No agent is scraped"}}
    grafana.paths["/api/dashboards/uid/a"] = page
    (entry,) = dashboards.dashboards(Watch(BRIEF), grafana, "ours", ["a"])
    assert "up (A): No agent is scraped" in entry["detail"]


def test_a_dashboard_that_is_missing(monkeypatch):
    monkeypatch.setattr(dashboards, "_EVERY_SECONDS", 0.01)
    with pytest.raises(Exception, match="expected are .'a', 'c'."):
        list(dashboards.dashboards(Watch(BRIEF), _with_dashboards(_frames(1), "a"), "ours", ["a", "c"]))


def test_a_dashboard_without_queries_proves_nothing():
    grafana = _with_dashboards(_frames(1), "a")
    grafana.paths["/api/dashboards/uid/a"] = _dashboard("a")
    (entry,) = dashboards.dashboards(Watch(5), grafana, "ours", ["a"])
    assert not entry["ok"]
