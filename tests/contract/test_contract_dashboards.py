# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import functools

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_search
from grafana_double import RELEASES, Double
from modules import run

FOLDER = {"folder_uid": "ours", "folder_title": "Ours", "owner": "us"}
NODES = {"uid": "nodes", "title": "Nodes", "tags": ["team"], "panels": []}
PODS = {"uid": "pods", "title": "Pods", "panels": []}
BOTH = {"dashboards": [NODES, PODS]}


@pytest.fixture
def have(grafana):
    return functools.partial(run, "grafana_dashboards", grafana.url, **FOLDER)


@pytest.fixture
def newest():
    with Double(RELEASES["13.2.0"]) as double:
        yield double


def test_create_keep_update_and_remove(grafana, have):
    dry = have(**BOTH, check=True)
    assert grafana.writes() == []
    made = have(**BOTH)
    for result in (dry, made):
        assert result["changed"]
        assert (result["folder"], result["created"]) == ("created", ["nodes", "pods"])
    again = have(**BOTH)
    assert not again["changed"]
    assert again["unchanged"] == ["nodes", "pods"]
    assert again["diff"] == []
    other = have(dashboards=[{**NODES, "panels": [{"id": 1}]}, PODS])
    assert (other["updated"], other["unchanged"]) == (["nodes"], ["pods"])
    assert other["diff"][0]["before"]["panels"] == []
    assert other["diff"][0]["after"]["panels"] == [{"id": 1}]
    assert [len(grafana.dashboards.stored[uid].history) for uid in ("nodes", "pods")] == [2, 1]
    assert have(dashboards=[PODS], purge=True, check=True)["removed"] == ["nodes"]
    assert have(dashboards=[PODS], purge=True)["removed"] == ["nodes"]
    gone = have(state="absent")
    assert (gone["removed"], gone["folder"]) == (["pods"], "removed")
    assert not have(state="absent")["changed"]
    assert grafana.folders.stored == grafana.dashboards.stored == {}


def test_nothing_to_do_costs_a_search_and_the_folder(grafana, have):
    have(**BOTH)
    grafana.requests.clear()
    have(**BOTH)
    expected = ["/api/search", "/apis"]
    if grafana.release.stable:
        place = "/apis/{}.grafana.app/v1/namespaces/default/{}"
        # Where the search is gone, the dashboards themselves are listed.
        listed = [place.format("dashboard", "dashboards")] if grafana.release.legacy_gone else []
        expected += ["/api/frontend/settings", *listed, place.format("folder", "folders/ours")]
    else:
        expected += ["/api/folders/ours"]
    assert grafana.sent() == [("GET", path) for path in expected]


def test_a_folder_is_renamed_and_a_dashboard_moved_back(grafana, have):
    have(**BOTH)
    assert have(**BOTH, folder_title="Renamed")["folder"] == "renamed"
    assert grafana.folders.stored["ours"]["title"] == "Renamed"
    nodes = grafana.dashboards.stored["nodes"]
    grafana.dashboards.stored["nodes"] = nodes._replace(folder="")
    assert have(**BOTH, folder_title="Renamed")["updated"] == ["nodes"]
    assert grafana.dashboards.stored["nodes"].folder == "ours"


def test_an_edit_is_seen_and_taken_back(grafana, have):
    have(**BOTH)
    grafana.dashboards.edit("nodes", panels=[{"id": 7}])
    assert not have(**BOTH)["changed"]
    assert have(**BOTH, restore_edits=True)["updated"] == ["nodes"]
    assert grafana.dashboards.stored["nodes"].body["panels"] == []
    assert not have(**BOTH, restore_edits=True)["changed"]


def test_what_is_missing_or_different_is_an_error_where_it_is_only_validated(grafana, have):
    declared = [{"uid": "a", "title": "A"}, {"uid": "b", "title": "B"}]
    result = have(dashboards=declared, state="validated", variables={"dashboards": "my_dashboards"})
    assert result["msg"].startswith("my_dashboards: Grafana at ")
    assert "(missing: a, b; different: none)" in result["msg"]
    assert grafana.writes() == []
    have(dashboards=declared)
    writes = len(grafana.writes())
    assert not have(dashboards=declared, state="validated").get("failed")
    result = have(dashboards=[declared[0], {"uid": "b", "title": "C"}], state="validated")
    assert "(missing: none; different: b)" in result["msg"] and result["updated"] == ["b"]
    assert len(grafana.writes()) == writes


def test_foreign_things_are_left_alone(grafana, have):
    run("grafana_dashboards", grafana.url, folder_uid="theirs", owner="them", dashboards=[{**NODES, "uid": "theirs"}])
    have(**BOTH)
    # Somebody keeps a dashboard of their own in our folder.
    theirs = grafana.dashboards.stored["theirs"]
    grafana.dashboards.stored["theirs"] = theirs._replace(folder="ours")
    refused = have(dashboards=[{**NODES, "uid": "theirs", "title": "Mine"}, {**PODS, "title": "New"}])
    assert "already has a dashboard with the uid 'theirs'" in refused["msg"]
    # Refused before the other one was written.
    assert grafana.dashboards.stored["pods"].body["title"] == "Pods"
    gone = have(state="absent")
    assert (gone["removed"], gone["folder"]) == (["nodes", "pods"], "kept")
    assert list(grafana.dashboards.stored) == ["theirs"]


def test_what_a_file_provides_is_left_alone(grafana, have):
    grafana.dashboards.provision("nodes", tags=["us"])
    assert "comes from a provisioning file" in have(**BOTH)["msg"]
    assert grafana.writes() == []


def test_a_namesake_is_never_replaced(grafana, have):
    have(dashboards=[PODS])
    result = have(dashboards=[PODS, {**NODES, "title": "Pods"}])
    if grafana.dashboards._release.unique_titles:
        assert "A dashboard with the same name in the folder already exists" in result["msg"]
    else:
        assert result["created"] == ["nodes"]
    assert len(grafana.dashboards.stored["pods"].history) == 1


@pytest.mark.parametrize("uid", ["u" * 41, "a b", 7])
def test_a_uid_that_grafana_refuses_is_refused_before_anything_is_written(oldest, uid):
    result = run("grafana_dashboards", oldest.url, **FOLDER, dashboards=[PODS, {**NODES, "uid": uid}])
    assert "which Grafana refuses" in result["msg"]
    assert oldest.requests == []


def test_a_folder_uid_that_grafana_refuses(oldest):
    assert "folder_uid 'a b' cannot be used" in run("grafana_dashboards", oldest.url, folder_uid="a b")["msg"]
    assert oldest.requests == []


def test_a_resource_of_the_newer_api_will_do(grafana, have):
    spec = {key: value for key, value in NODES.items() if key != "uid"}
    resource = {"apiVersion": "dashboard.grafana.app/v1beta1", "kind": "Dashboard", "metadata": {"name": "nodes"}}
    assert have(dashboards=[{**resource, "spec": spec}])["created"] == ["nodes"]
    assert not have(dashboards=[NODES])["changed"]


def test_ours_saved_in_schema_v2_is_ours_still(newest):
    have = functools.partial(run, "grafana_dashboards", newest.url, **FOLDER)
    have(**BOTH)
    newest.dashboards.convert("nodes")
    assert not have(**BOTH)["changed"]
    changed = have(dashboards=[{**NODES, "panels": [{"id": 1}]}, PODS])
    assert changed["updated"] == ["nodes"]
    newest.dashboards.convert("nodes")
    assert have(dashboards=[{**NODES, "panels": [{"id": 1}]}, PODS], restore_edits=True)["updated"] == ["nodes"]


def test_theirs_in_schema_v2_is_theirs(newest):
    have = functools.partial(run, "grafana_dashboards", newest.url, **FOLDER)
    newest.dashboards.provision("nodes")
    newest.dashboards.stored["nodes"] = newest.dashboards.stored["nodes"]._replace(provisioned=False)
    newest.dashboards.convert("nodes")
    assert "already has a dashboard with the uid 'nodes'" in have(**BOTH)["msg"]
    assert have(**BOTH, overwrite=True)["updated"] == ["nodes"]


def test_an_index_that_lags_behind_misleads_nobody(newest):
    have = functools.partial(run, "grafana_dashboards", newest.url, **FOLDER)
    newest.dashboards.freeze_index()
    have(**BOTH)
    # The search still finds nothing.
    assert have(**BOTH)["unchanged"] == ["nodes", "pods"]


def test_an_index_that_knows_what_is_gone(newest):
    have = functools.partial(run, "grafana_dashboards", newest.url, **FOLDER)
    have(**BOTH)
    newest.dashboards.freeze_index()
    del newest.dashboards.stored["nodes"]
    assert have(**BOTH, restore_edits=True)["created"] == ["nodes"]
    del newest.dashboards.stored["nodes"]
    assert have(dashboards=[PODS], purge=True)["removed"] == []


def test_more_dashboards_than_one_page_of_the_search(oldest, monkeypatch):
    monkeypatch.setattr(grafana_search, "PAGE", 3)
    many = [{"uid": f"d{number}", "title": f"D{number}"} for number in range(7)]
    have = functools.partial(run, "grafana_dashboards", oldest.url, **FOLDER, dashboards=many)
    assert len(have()["created"]) == 7
    assert len(have()["unchanged"]) == 7
