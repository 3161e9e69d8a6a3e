# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/safety.md: a Grafana that lies before a step that deletes or overwrites. What cannot be determined is no reason to do it."""

from __future__ import annotations

import copy
import re

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import (
    grafana_client,
    grafana_data_source_settings,
    grafana_folder,
)
from grafana_double import RELEASES, Double, server
from grafana_double.lies import LIES, Lie
from modules import run

OWNER = "us"
BOARDS = [{"uid": f"ours-{number}", "title": f"Ours {number}", "panels": []} for number in range(3)]
RULE = {
    "uid": "ours",
    "title": "Ours",
    "queries": [{"ref": "A", "data_source": "prometheus", "type": "prometheus", "expr": "up"}],
    "condition": "$A < 1",
}
POINT = {"name": "ours", "type": "webhook", "settings": {"url": "http://127.0.0.1:9"}}
FOLDER = {"folder_uid": "ours", "owner": OWNER}
ALERTING = {**FOLDER, "rules": [RULE], "contact_points": [POINT], "policy": {"contact_point": "ours"}, "group": "g"}
SOURCE = {"uid": "loki", "type": "loki", "ds_url": "http://loki:3100", "owner": OWNER}


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(grafana_data_source_settings, "_ROUNDS", 1)
    monkeypatch.setattr(grafana_folder, "COUNT_SECONDS", 0)


def ours(double):
    """Everything a role makes, at work."""
    for module, more in (
        ("grafana_dashboards", {**FOLDER, "folder_title": "Ours", "dashboards": BOARDS}),
        ("grafana_alerting", ALERTING),
        ("grafana_data_source", SOURCE),
    ):
        assert not run(module, double.url, **more).get("failed")


def their_dashboard(double):
    """Somebody's dashboard in our folder."""
    board = {"uid": "theirs", "title": "Theirs", "tags": [], "panels": [{"id": 1}]}
    double.dashboards._keep("theirs", board, "ours", "")


def theirs(double):
    """Somebody's things beside ours: also in our folder and in our group of rules."""
    their_dashboard(double)
    board = {"title": "Theirs", "tags": [], "panels": [{"id": 1}]}
    double.dashboards._keep("elsewhere", {**board, "uid": "elsewhere"}, "", "")
    others = {**ALERTING, "owner": "them", "rules": [{**RULE, "uid": "theirs", "title": "Theirs"}]}
    others["contact_points"] = [{**POINT, "name": f"theirs-{number}"} for number in range(3)]
    below = [{"matchers": [f"n={number}"], "contact_point": f"theirs-{number}"} for number in range(3)]
    others["policy"] = {"contact_point": "theirs-0", "routes": below}
    assert not run("grafana_alerting", double.url, **others).get("failed")
    assert not run("grafana_data_source", double.url, **{**SOURCE, "uid": "theirs", "owner": "them"}).get("failed")


# What a run is about: the module, its parameters, whether others have things beside ours.
STEPS = {
    "dashboards purged": (
        "grafana_dashboards",
        {**FOLDER, "folder_title": "Ours", "dashboards": BOARDS[:1], "purge": True},
        True,
    ),
    "dashboard overwritten": (
        "grafana_dashboards",
        {**FOLDER, "folder_title": "Ours", "dashboards": [{**BOARDS[0], "panels": [{"id": 9}]}, *BOARDS[1:]]},
        True,
    ),
    "folder renamed": ("grafana_dashboards", {**FOLDER, "folder_title": "Renamed", "dashboards": BOARDS}, True),
    "folder with things of others": ("grafana_dashboards", {**FOLDER, "state": "absent"}, True),
    "folder with a dashboard of others": ("grafana_dashboards", {**FOLDER, "state": "absent"}, False),
    "folder deleted": ("grafana_dashboards", {**FOLDER, "state": "absent"}, False),
    "alerting changed": (
        "grafana_alerting",
        {
            **ALERTING,
            "rules": [{**RULE, "condition": "$A < 2"}],
            "policy": {"contact_point": "theirs-1"},
            "interval_seconds": 30,
        },
        True,
    ),
    "alerting purged": ("grafana_alerting", {**FOLDER, "group": "g", "purge": True}, True),
    "alerting removed": ("grafana_alerting", {**FOLDER, "state": "absent"}, True),
    "data source changed": ("grafana_data_source", {**SOURCE, "ds_url": "http://other:3100"}, True),
    "data source of others": ("grafana_data_source", {**SOURCE, "uid": "theirs", "ds_url": "http://other:3100"}, True),
    "data source removed": ("grafana_data_source", {**SOURCE, "state": "absent"}, True),
    "data source of others removed": ("grafana_data_source", {**SOURCE, "uid": "theirs", "state": "absent"}, True),
}


def prepare(double, step):
    """The Grafana before the step, and a call that does it."""
    ours(double)
    module, more, with_others = STEPS[step]
    if with_others:
        theirs(double)
    if step == "folder with a dashboard of others":
        their_dashboard(double)
    if not with_others:
        assert not run("grafana_alerting", double.url, **{**FOLDER, "state": "absent"}).get("failed")
    double.requests.clear()
    return lambda: run(module, double.url, **more)


def of_others(double):
    """Whatever is not ours, as it is stored."""
    return copy.deepcopy(
        {
            "dashboards": {uid: one for uid, one in double.dashboards.stored.items() if not uid.startswith("ours")},
            "rules": {uid: one for uid, one in double.alerting.rules.items() if uid != "ours"},
            "points": {uid: one for uid, one in double.alerting.contact_points.items() if one["name"] != "ours"},
            "routes": [
                one for one in double.alerting.policies.get("routes") or [] if "us" not in str(one["object_matchers"])
            ],
            "root": double.alerting.policies["receiver"],
            "sources": {uid: one for uid, one in double.data_sources.stored.items() if uid != "loki"},
            "folder": "ours" in double.folders.stored or step_without_others(double),
        }
    )


def step_without_others(double):
    """True where nobody has anything in our folder."""
    return "theirs" not in double.dashboards.stored


def destructive(double):
    """What deletes or overwrites: a POST makes something new, or carries the version of what it replaces."""
    return {
        (method, path) for method, path in double.sent() if method in ("PUT", "DELETE") or path == "/api/dashboards/db"
    }


STATE = (
    ("dashboards", ("stored",)),
    ("folders", ("stored",)),
    ("alerting", ("rules", "intervals", "contact_points", "policies")),
    ("data_sources", ("stored", "secrets")),
)


def impatient(opener, request, data=None, timeout=None, original=grafana_client.OpenerDirector.open):
    """A client that waits for less time than the silence of a test lasts."""
    return original(opener, request, data, 0.2)


def stored(double):
    """Everything that a Grafana keeps."""
    return {
        (part, name): copy.deepcopy(getattr(getattr(double, part), name)) for part, names in STATE for name in names
    }


def restore(double, kept):
    """A Grafana as it was, with nothing asked and nobody lying."""
    for (part, name), value in kept.items():
        setattr(getattr(double, part), name, copy.deepcopy(value))
    double.requests.clear()
    double.lies.clear()


@pytest.mark.parametrize("release", ["10.0.0", "12.4.3"])
@pytest.mark.parametrize("step", STEPS)
def test_no_lie_makes_a_run_destroy_anything(release, step, monkeypatch):
    with Double(RELEASES[release]) as double:
        call = prepare(double, step)
        kept, others = stored(double), of_others(double)
        result = call()
        assert of_others(double) == others
        assert bool(result.get("failed")) == (step == "data source of others"), result
        asked = dict.fromkeys(path for method, path in double.sent() if method == "GET")
        allowed, told = destructive(double), 0
        monkeypatch.setattr(server, "SILENCE_SECONDS", 0.3)
        for path in asked:
            for kind in LIES:
                restore(double, kept)
                double.lies.append(Lie(re.escape(path), kind))
                with monkeypatch.context() as brief:
                    if kind == "silence":
                        brief.setattr(grafana_client.OpenerDirector, "open", impatient)
                    result = call()
                where = f"{kind} at {path}: {result.get('msg')} {double.writes()}"
                assert of_others(double) == others, where
                assert destructive(double) <= allowed, where
                assert "Traceback" not in str(result), where
                told += bool(result.get("failed"))
    # A test whose lies nobody notices would prove nothing.
    assert told > len(LIES) / 2


# The questions that a step hangs on: with a lie at one of them it is not done.
EVIDENCE = {
    "dashboards purged": ("DELETE", "/api/dashboards/uid/.*", ["/api/dashboards/uid/ours-1"]),
    "folder renamed": ("PUT", "/api/folders/ours", ["/api/search", "/api/folders/ours"]),
    "folder deleted": (
        "DELETE",
        "/api/folders/ours",
        [
            "/api/search",
            "/api/folders/ours",
            "/api/v1/provisioning/alert-rules",
            "/api/library-elements",
            "/api/folders/ours/counts",
        ],
    ),
    "alerting changed": (
        "PUT",
        "/api/v1/provisioning/policies",
        ["/api/v1/provisioning/policies", "/api/alertmanager/grafana/config/api/v1/alerts"],
    ),
    "data source changed": ("PUT", "/api/datasources/uid/loki", ["/api/datasources/uid/loki"]),
    "data source removed": ("DELETE", "/api/datasources/uid/loki", ["/api/datasources/uid/loki"]),
}
# Grafana itself says so of what it has not, or of what this account may not see.
TRUE_SAYINGS = {
    ("/api/alertmanager/grafana/config/api/v1/alerts", "403"),
    # The tree itself is whole then.
    ("/api/alertmanager/grafana/config/api/v1/alerts", "half"),
    # It is true here, as is half of nothing.
    ("/api/v1/provisioning/alert-rules", "empty list"),
    ("/api/v1/provisioning/alert-rules", "half"),
    ("/api/library-elements", "half"),
    ("/api/folders/ours/counts", "half"),
    ("/api/folders/ours/counts", "empty object"),
    # Half of three dashboards is still one of ours in the folder.
    ("/api/search", "half"),
    ("/api/folders/ours", "half"),
    ("/api/dashboards/uid/ours-1", "half"),
    ("/api/datasources/uid/loki", "half"),
}


@pytest.mark.parametrize("step", EVIDENCE)
def test_a_step_is_not_done_on_a_lie(step):
    method, target, questions = EVIDENCE[step]
    with Double(RELEASES["12.4.3"]) as double:
        call = prepare(double, step)
        kept = stored(double)
        call()
        assert [path for sent, path in double.sent() if sent == method and re.fullmatch(target, path)]
        for path in questions:
            for kind in LIES:
                if kind == "silence" or (path, kind) in TRUE_SAYINGS:
                    continue
                restore(double, kept)
                double.lies.append(Lie(re.escape(path), kind))
                result = call()
                done = [sent for sent in double.sent() if sent[0] == method and re.fullmatch(target, sent[1])]
                if step == "dashboards purged":
                    done = [sent for sent in done if sent[1] == path]
                assert done == [], f"{kind} at {path}: {result}"


def test_what_keeps_a_folder_is_named():
    with Double(RELEASES["12.4.3"]) as double:
        call = prepare(double, "folder with things of others")
        double.folders.library["lib"] = {"uid": "lib", "name": "Panel", "folderUid": "ours"}
        result = call()
    assert (result["folder"], result["removed"]) == ("kept", ["ours-0", "ours-1", "ours-2"])
    found = ["dashboard 'Theirs' (theirs)", "alert rule 'Theirs' (theirs)", "library panel 'Panel' (lib)"]
    # Ours is still there as well: the step removes no alert rules.
    assert [one for one in result["content"] if "ours" not in one] == found
    (warning,) = result["warnings"]
    assert warning.startswith("the folder 'Ours' (ours) of Grafana at")
    assert "alert rule 'Theirs' (theirs)" in warning


@pytest.mark.parametrize("by", ["route", "rule"])
def test_a_contact_point_in_use_is_refused_before_anything_is_removed(by):
    with Double(RELEASES["12.4.3"]) as double:
        call = prepare(double, "alerting removed")
        if by == "route":
            double.alerting.policies["routes"].append({"receiver": "ours", "object_matchers": [["team", "=", "x"]]})
        else:
            double.alerting.rules["theirs"]["notification_settings"] = {"receiver": "ours"}
        result = call()
        assert double.writes() == []
    user = "a route of others in the notification policies" if by == "route" else "the alert rule 'Theirs' (theirs)"
    assert f"contact_points: 'ours' of us is no longer declared, but {user} sends to it" in result["msg"]


def test_a_folder_of_others_is_not_renamed():
    with Double(RELEASES["12.4.3"]) as double:
        double.folders._create({"uid": "ours", "title": "Somebody's"})
        result = run("grafana_dashboards", double.url, **FOLDER, folder_title="Ours", dashboards=BOARDS)
        assert double.writes() == []
    assert "has the folder 'ours' with another title (\"Somebody's\")" in result["msg"]
