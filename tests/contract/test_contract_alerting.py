# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module grafana_alerting against the double of each release."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_data_source_settings
from grafana_double.server import Fault
from modules import run

RULE = {
    "uid": "disk-full",
    "title": "Disk is filling up",
    "queries": [{"ref": "A", "data_source": "prometheus", "type": "prometheus", "expr": "node_filesystem_avail_bytes"}],
    "condition": "$A < 10",
    "for_seconds": 90,
    "labels": {"severity": "warning"},
    "annotations": {"summary": "{{ $labels.instance }} is full"},
}
HOOK = {
    "name": "hook",
    "type": "webhook",
    "settings": {"url": "http://127.0.0.1:9/alerts", "username": "grafana"},
    "secure_settings": {"password": "first secret"},
}
CHAT = {
    "name": "chat",
    "type": "slack",
    "settings": {"recipient": "#ops"},
    "secure_settings": {"url": "https://chat.invalid/x"},
}
POLICY = {
    "contact_point": "chat",
    "group_by": ["alertname"],
    "routes": [{"matchers": ["severity=critical"], "contact_point": "hook", "repeat_interval_seconds": 3600}],
}
ALL = {"folder_uid": "ours", "rules": [RULE], "contact_points": [HOOK, CHAT], "policy": POLICY, "interval_seconds": 20}


@pytest.fixture(autouse=True)
def _quick_fingerprints(monkeypatch):
    monkeypatch.setattr(grafana_data_source_settings, "_ROUNDS", 1)


def alerting(grafana, check=False, **params):
    result = run("grafana_alerting", grafana.url, check=check, owner="ours", purge=True, **{**ALL, **params})
    assert not result.get("failed"), result.get("msg")
    return result


def refused(grafana, **params):
    result = run("grafana_alerting", grafana.url, owner="ours", purge=True, **{**ALL, **params})
    assert result.get("failed"), result
    return result["msg"]


@pytest.fixture
def folder(grafana):
    made = run("grafana_dashboards", grafana.url, folder_uid="ours", folder_title="Ours", owner="ours")
    assert made["folder"] == "created"
    return grafana


def foreign(grafana):
    """Somebody's rule, contact point and route, as their own hands would have made them."""
    others = {**RULE, "uid": "theirs", "title": "Theirs"}
    policy = {"contact_point": "their hook", "routes": []}
    point = {"name": "their hook", "type": "webhook", "settings": {"url": "http://127.0.0.1:9"}}
    result = run(
        "grafana_alerting",
        grafana.url,
        owner="theirs",
        folder_uid="ours",
        rules=[others],
        contact_points=[point],
        policy=policy,
        interval_seconds=20,
    )
    assert result["changed"], result


def state(grafana):
    return copy.deepcopy([grafana.alerting.rules, grafana.alerting.contact_points, grafana.alerting.policies])


def test_everything_is_made_once(folder):
    first = alerting(folder)
    assert (first["rules"]["created"], first["contact_points"]["created"], first["policy"]) == (
        ["disk-full"],
        ["hook", "chat"],
        "created",
    )
    writes = len(folder.writes())
    again = alerting(folder)
    assert (again["changed"], again["policy"], len(folder.writes())) == (False, "unchanged", writes)
    assert again["diff"] == []


def test_check_mode_tells_and_writes_nothing(folder):
    writes = len(folder.writes())
    assert alerting(folder, check=True)["changed"]
    assert len(folder.writes()) == writes
    alerting(folder)
    writes = len(folder.writes())
    told = alerting(folder, check=True, rules=[], contact_points=[HOOK], policy=None)
    assert (told["rules"]["removed"], told["contact_points"]["removed"], told["policy"]) == (
        ["disk-full"],
        ["chat"],
        "removed",
    )
    assert len(folder.writes()) == writes


def test_check_mode_before_the_folder_is_there(grafana):
    assert alerting(grafana, check=True)["rules"]["created"] == ["disk-full"]


def test_a_rule_is_changed_in_place(folder):
    alerting(folder)
    result = alerting(folder, rules=[{**RULE, "condition": "$A < 20"}])
    assert (result["rules"]["updated"], result["rules"]["edited"]) == (["disk-full"], [])
    assert not alerting(folder, rules=[{**RULE, "condition": "$A < 20"}])["changed"]


def test_an_edit_in_grafana_is_told_and_undone(folder):
    alerting(folder)
    found = next(rule for rule in folder.alerting.rules.values() if rule["uid"] == "disk-full")
    found["for"] = "1h"
    left = alerting(folder, restore_edits=False)
    assert (left["rules"]["edited"], left["changed"]) == (["disk-full"], False)
    result = alerting(folder)
    assert (result["rules"]["edited"], result["rules"]["updated"]) == (["disk-full"], ["disk-full"])
    assert not alerting(folder)["changed"]


def test_a_new_secret_is_sent_and_never_shown(folder):
    alerting(folder)
    rotated = {**HOOK, "secure_settings": {"password": "second secret"}}
    result = alerting(folder, contact_points=[rotated, CHAT])
    assert result["contact_points"]["updated"] == ["hook"]
    assert "secret" not in str({key: value for key, value in result.items() if key != "invocation"})
    assert not alerting(folder, contact_points=[rotated, CHAT])["changed"]


def test_a_secret_that_is_no_longer_declared_goes(folder):
    alerting(folder)
    open_hook = {key: value for key, value in HOOK.items() if key != "secure_settings"}
    assert alerting(folder, contact_points=[open_hook, CHAT])["contact_points"]["updated"] == ["hook"]
    assert not alerting(folder, contact_points=[open_hook, CHAT])["changed"]


def test_what_others_have_stays(folder):
    foreign(folder)
    before = state(folder)
    alerting(folder)
    routes = folder.alerting.policies["routes"]
    assert [route["receiver"] for route in routes] == ["chat", "their hook"]
    removed = run("grafana_alerting", folder.url, owner="ours", folder_uid="ours", state="absent")
    assert (removed["rules"]["removed"], removed["contact_points"]["removed"]) == (["disk-full"], ["hook", "chat"])
    assert removed["policy"] == "removed"
    assert state(folder) == before
    assert not run("grafana_alerting", folder.url, owner="ours", folder_uid="ours", state="absent")["changed"]


def test_a_copy_of_our_rule_is_not_ours(folder):
    alerting(folder)
    ours = next(rule for rule in folder.alerting.rules.values() if rule["uid"] == "disk-full")
    folder.alerting.rules["copied"] = {**copy.deepcopy(ours), "uid": "copied", "title": "A copy"}
    assert alerting(folder, rules=[])["rules"]["removed"] == ["disk-full"]


def test_the_uid_of_others_is_refused(folder):
    foreign(folder)
    writes = len(folder.writes())
    assert "already has an alert rule with the uid 'theirs'" in refused(folder, rules=[{**RULE, "uid": "theirs"}])
    assert "was not made by ours" in refused(folder, contact_points=[{**HOOK, "name": "their hook"}, CHAT, HOOK])
    assert len(folder.writes()) == writes


def test_a_route_to_nowhere_is_refused(folder):
    writes = len(folder.writes())
    assert "'nobody', which is neither declared nor in Grafana" in refused(folder, policy={"contact_point": "nobody"})
    assert "is not LABEL=VALUE" in refused(
        folder, policy={"contact_point": "chat", "routes": [{"matchers": ["severity"], "contact_point": "chat"}]}
    )
    assert len(folder.writes()) == writes


def test_the_way_of_the_proof_is_made_once_and_removed(folder):
    foreign(folder)
    before = state(folder)
    first = alerting(folder, proof_namespace="pipeline-proof")
    assert first["contact_points"]["created"] == ["hook", "chat", "ours proof"]
    receivers = [route["receiver"] for route in folder.alerting.policies["routes"]]
    assert receivers == ["ours proof", "ours proof", "chat", "their hook"]
    assert not alerting(folder, proof_namespace="pipeline-proof")["changed"]
    gone = alerting(folder)
    assert (gone["contact_points"]["removed"], gone["policy"]) == (["ours proof"], "updated")
    alerting(folder, proof_namespace="pipeline-proof")
    run("grafana_alerting", folder.url, owner="ours", folder_uid="ours", state="absent")
    assert state(folder) == before


def test_the_sink_of_the_proof_is_nobody(folder):
    result = run(
        "grafana_alerting", folder.url, **{**ALL, "contact_points": [], "policy": None}, proof_namespace="proof"
    )
    assert "nobody is notified of alerts of 1 rules (Disk is filling up)" in " ".join(result["warnings"])


def test_the_default_contact_point_of_grafana_will_do(folder):
    default = folder.alerting.policies["receiver"]
    assert alerting(folder, contact_points=[], policy={"contact_point": default})["policy"] == "created"


@pytest.mark.parametrize("status", [500, "cut"])
def test_a_cut_in_the_middle_is_mended_by_the_next_run(folder, status):
    folder.faults.append(Fault("PUT", "/api/v1/provisioning/policies", status, 0))
    assert "/api/v1/provisioning/policies" in refused(folder)
    folder.faults.clear()
    alerting(folder)
    assert not alerting(folder)["changed"]


def test_a_wrong_password_is_named(folder):
    result = run("grafana_alerting", folder.url, **{**ALL, "url_password": "wrong"})
    assert "refused user 'admin' with this password" in result["msg"]


def test_a_grafana_without_unified_alerting(folder):
    folder.faults.append(Fault("GET", "/api/v1/provisioning/alert-rules", 404, 0))
    assert "needs Grafana 9.4 or newer" in refused(folder)
    gone = run("grafana_alerting", folder.url, owner="ours", folder_uid="ours", state="absent")
    assert (gone.get("failed"), gone["changed"]) == (None, False)


def test_a_contact_point_counts_as_it_will_be(folder):
    """Not as it is: what replaces an address with none reaches nobody."""
    mail = {"name": "mail", "type": "email", "settings": {"addresses": "ops@example.org"}}
    nobody = {**mail, "settings": {"addresses": "<example@email.com>"}}
    policy = {"contact_point": "mail"}
    assert not alerting(folder, contact_points=[mail], policy=policy).get("warnings")
    for check in (True, False):
        (warning,) = alerting(folder, check=check, contact_points=[nobody], policy=policy)["warnings"]
        assert "nobody is notified of alerts of 1 rules (Disk is filling up)" in warning
