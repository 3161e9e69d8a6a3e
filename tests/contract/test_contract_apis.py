# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dashboards and folders where /apis has a stable version of them: nothing goes by the classic API, and nobody's change is lost."""

from __future__ import annotations

import functools
import json
import re

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_client, grafana_search
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.grafana import Reader, Refused
from grafana_double import RELEASES, Double
from grafana_double.server import USER
from modules import run

FOLDER = {"folder_uid": "ours", "folder_title": "Ours", "owner": "us"}
NODES = {"uid": "nodes", "title": "Nodes", "tags": ["team"], "panels": []}
PODS = {"uid": "pods", "title": "Pods", "panels": []}
BOTH = {"dashboards": [NODES, PODS]}
CHANGED = {"dashboards": [{**NODES, "panels": [{"id": 1}]}, PODS]}
V2 = {
    "apiVersion": "dashboard.grafana.app/v2",
    "kind": "Dashboard",
    "metadata": {"name": "shop"},
    "spec": {"title": "Shop", "elements": {}, "layout": {"kind": "GridLayout", "spec": {"items": []}}},
}
STABLE = {name: RELEASES[name] for name in ("13.3.0", "14.0.0")}
# A Grafana without its legacy API may answer so as well.
STABLE["14.0.0 by 404"] = RELEASES["14.0.0"]._replace(legacy_gone=404)


@pytest.fixture(params=STABLE.values(), ids=list(STABLE))
def newer(request):
    with Double(request.param) as double:
        yield double


@pytest.fixture
def have(newer):
    return functools.partial(run, "grafana_dashboards", newer.url, **FOLDER)


@pytest.fixture
def meanwhile(monkeypatch):
    """Has somebody do something just before the first request of a method."""

    def prepare(method, change):
        real, done = grafana_client.Grafana.request, []

        def request(client, sent, *arguments, **more):
            if sent == method and not done:
                done.append(sent)
                change()
            return real(client, sent, *arguments, **more)

        monkeypatch.setattr(grafana_client.Grafana, "request", request)

    return prepare


def test_nothing_goes_by_what_grafana_calls_legacy(newer, have, quick):
    have(**BOTH)
    have(**CHANGED, folder_title="Renamed", restore_edits=True)
    have(dashboards=[PODS], purge=True)
    assert have(state="absent")["folder"] == "removed"
    assert newer.folders.stored == newer.dashboards.stored == {}
    assert [path for _method, path in newer.sent() if re.match("/api/(dashboards|folders)", path)] == []


def test_everybody_sees_the_new_folder(newer, have):
    have(**BOTH)
    assert newer.folders.restricted == set()


def test_somebodys_change_between_reading_and_writing_stays(newer, have, meanwhile):
    have(**BOTH)
    meanwhile("PUT", lambda: newer.dashboards.edit("nodes", panels=[{"id": 7}]))
    result = have(**CHANGED)
    assert "dashboard 'Nodes' (nodes) was not saved" in result["msg"] and "HTTP 409" in result["msg"]
    assert newer.dashboards.stored["nodes"].body["panels"] == [{"id": 7}]


def test_somebodys_dashboard_that_comes_between_stays(newer, have, meanwhile):
    have(dashboards=[PODS])
    meanwhile("POST", lambda: newer.dashboards.keep("nodes", {**NODES, "title": "Theirs"}, "", ""))
    assert "HTTP 409" in have(**BOTH)["msg"]
    assert newer.dashboards.stored["nodes"].body["title"] == "Theirs"


def test_what_somebody_changed_is_not_deleted(newer, have, meanwhile):
    have(**BOTH)
    meanwhile("DELETE", lambda: newer.dashboards.edit("nodes", tags=[]))
    assert "HTTP 409" in have(dashboards=[PODS], purge=True)["msg"]
    assert newer.dashboards.stored["nodes"].body["tags"] == []


def test_a_folder_that_somebody_renames_stays(newer, have, meanwhile, quick):
    have(dashboards=[])
    newer.folders.make("ours", "Ours")
    meanwhile("DELETE", lambda: newer.folders.stored["ours"].update(title="Theirs", version=2))
    assert "HTTP 409" in have(state="absent")["msg"]
    assert newer.folders.stored["ours"]["title"] == "Theirs"


def test_what_grafana_cannot_convert_is_read_as_it_is_stored(newer, have):
    newer.dashboards.keep_v2("nodes", {"title": "Theirs", "elements": {}, "layout": {}}, "", "")
    newer.api_dashboards.unconvertible.add("nodes")
    assert "already has a dashboard with the uid 'nodes' ('Theirs')" in have(**BOTH)["msg"]
    assert newer.writes() == []
    assert have(**BOTH, overwrite=True)["updated"] == ["nodes"]


def test_an_exports_metadata_of_its_own_grafana_stays_there(newer, have):
    labels = {"grafana.app/deprecatedInternalID": "7", "team": "a"}
    annotations = {"grafana.app/managedBy": "repo", "grafana.app/createdBy": "user:9", "note": "b"}
    board = {**V2, "metadata": {"name": "shop", "labels": labels, "annotations": annotations}}
    assert have(dashboards=[board])["created"] == ["shop"]
    kept = newer.api_dashboards._metadata["shop"]
    assert kept["labels"] == {"team": "a"}
    assert "grafana.app/managedBy" not in kept["annotations"] and kept["annotations"]["note"] == "b"


def test_classic_json_where_it_is_not_stored_is_refused_before_anything_is_written():
    with Double(RELEASES["14.0.0"]._replace(api_versions=("v2",))) as double:
        have = functools.partial(run, "grafana_dashboards", double.url, **FOLDER)
        message = have(dashboards=[V2, NODES])["msg"]
        assert double.writes() == []
        assert have(dashboards=[V2])["created"] == ["shop"]
        assert have(dashboards=[], purge=True)["removed"] == ["shop"]
    assert "dashboard 'Nodes' (nodes): classic JSON is not stored by Grafana at" in message
    assert "Expected a V2 resource (v2). Fix: declare" in message


def test_more_dashboards_than_one_page_of_the_list(monkeypatch, quick):
    monkeypatch.setattr(grafana_search, "_LISTED", 3)
    many = [{"uid": f"d{number}", "title": f"D{number}"} for number in range(7)]
    with Double(RELEASES["14.0.0"]) as double:
        have = functools.partial(run, "grafana_dashboards", double.url, **FOLDER)
        assert len(have(dashboards=many)["created"]) == 7
        assert len(have(dashboards=many)["unchanged"]) == 7
        # Only what is listed is removed.
        assert len(have(state="absent")["removed"]) == 7


def test_a_list_of_something_else_is_no_list(monkeypatch):
    with Double(RELEASES["14.0.0"]) as double:
        run("grafana_dashboards", double.url, **FOLDER, **BOTH)
        real = double.api_dashboards._resource
        monkeypatch.setattr(double.api_dashboards, "_resource", lambda *names: {**real(*names), "metadata": {}})
        result = run("grafana_dashboards", double.url, **FOLDER, state="absent")
    assert "lists dashboards of dashboard.grafana.app without a name or a spec" in result["msg"]


def reader(double):
    options = {"url": double.url, "url_username": USER[0], "url_password": USER[1], "timeout": 5}
    fixed = dict.fromkeys(("grafana_api_key", "use_proxy", "variables"), None)
    return Reader(grafana_client.Grafana({**fixed, **options}))


def test_the_proof_reads_dashboards_as_classic_json(grafana):
    run("grafana_dashboards", grafana.url, **FOLDER, **BOTH)
    asked = reader(grafana)
    assert [hit["uid"] for hit in asked.tagged("us")] == ["nodes", "pods"]
    assert asked.dashboard("nodes")["panels"] == []
    with pytest.raises(Refused, match="has no dashboard none"):
        asked.dashboard("none")
    if grafana.release.schema_v2:
        grafana.dashboards.convert("nodes")
        assert asked.dashboard("nodes")["panels"] == []


def test_the_list_of_apis_is_asked_once(newer, have):
    have(**BOTH)
    newer.requests.clear()
    have(**CHANGED)
    asked = [path for _method, path in newer.sent()]
    assert (asked.count("/apis"), asked.count("/api/frontend/settings")) == (1, 1), json.dumps(asked)
