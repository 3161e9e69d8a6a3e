# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of alerting that need no Grafana; tests/contract has the whole module."""

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_alert_rules as alert_rules
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_contact_points as points
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_data_source_settings
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_notified as notified
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_policy as policy
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_proof_route as proof_route

OWNER = "test.owner"
OURS = [["managed_by", "=", OWNER]]


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(grafana_data_source_settings, "_ROUNDS", 1)


def rule(**more):
    queries = [{"ref": "A", "data_source": "loki", "type": "loki", "expr": "vector(1)"}]
    defaults = {"for_seconds": 0, "labels": None, "annotations": None, "no_data": "ok", "error": "ok", "paused": False}
    return {"uid": "one", "title": "One", "queries": queries, "condition": "$A > 0", **defaults, **more}


def point(**more):
    return {
        "name": "hook",
        "type": "webhook",
        "settings": {"url": "u"},
        "secure_settings": None,
        "send_resolved": True,
        **more,
    }


def route(contact_point, **more):
    times = dict.fromkeys(("group_wait_seconds", "group_interval_seconds", "repeat_interval_seconds"))
    return {"contact_point": contact_point, "group_by": [], "continue": False, "routes": [], **times, **more}


@pytest.mark.parametrize(("seconds", "text"), [(0, "0s"), (40, "40s"), (90, "1m30s"), (3600, "1h"), (90061, "25h1m1s")])
def test_durations_are_written_as_grafana_does(seconds, text):
    assert alert_rules.duration(seconds) == text


def test_a_rule_as_grafana_gives_it_back_is_as_declared():
    body = alert_rules.build(rule(), "f", "g", OWNER)
    found = {**body, "id": 7, "orgID": 1, "updated": "now", "provenance": "api"}
    del found["annotations"]
    found["data"] = [
        {**query, "queryType": "", "model": {**query["model"], "intervalMs": 1000}} for query in body["data"]
    ]
    assert alert_rules.is_as_declared(found, body)
    assert not alert_rules.is_as_declared({**found, "annotations": {"by": "hand"}}, body)
    assert not alert_rules.is_as_declared({**found, "data": found["data"][1:]}, body)


def test_only_our_rule_under_its_own_uid_is_ours():
    body = alert_rules.build(rule(), "f", "g", OWNER)
    assert alert_rules.is_ours(body, OWNER)
    assert not alert_rules.is_ours({**body, "uid": "copy"}, OWNER)
    assert not alert_rules.is_ours(body, "another")


@pytest.mark.parametrize("second", [{"uid": "one", "title": "Two"}, {"uid": "two", "title": "One"}])
def test_rules_that_would_be_one_are_refused(second):
    with pytest.raises(alert_rules.DefinitionError, match="give each its own"):
        alert_rules.build_all([rule(), rule(**second)], "f", "g", OWNER)


def test_a_contact_point_has_the_same_uid_for_the_same_owner_only():
    assert points.uid(point(), OWNER) == points.uid(point(settings={}), OWNER)
    assert points.uid(point(), OWNER) != points.uid(point(), "another")
    assert points.is_ours({"uid": points.uid(point(), OWNER)}, OWNER)
    assert not points.is_ours({"uid": ""}, OWNER)


def test_no_view_of_a_contact_point_has_its_secret():
    declared = point(secure_settings={"password": "secret"})
    body = points.build(declared, None, OWNER)
    assert body["settings"]["password"] == "secret"
    assert "secret'" not in str(points.view(body, {"password"}))


def test_settings_that_grafana_adds_empty_are_no_difference():
    body = points.build(point(), None, OWNER)
    assert points.is_as_declared({**body, "settings": {**body["settings"], "title": ""}}, body, point())
    assert not points.is_as_declared({**body, "settings": {**body["settings"], "title": "by hand"}}, body, point())


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ([point(), point()], "rename one"),
        ([point(secure_settings={"url": "u"})], "in settings and in secure_settings"),
    ],
)
def test_contact_points_that_cannot_be_meant_are_refused(declared, words):
    with pytest.raises(alert_rules.DefinitionError, match=words):
        points.refuse_unusable(declared, [], OWNER)


def test_our_route_stands_first_and_others_stay():
    theirs = {"receiver": "theirs", "object_matchers": [["team", "=", "a"]]}
    tree = {"receiver": "default", "routes": [theirs], "provenance": ""}
    ours = policy.build(route("chat"), OWNER)
    new = policy.merged(tree, [ours], OWNER)
    assert new == {"receiver": "default", "routes": [{"receiver": "chat", "object_matchers": OURS}, theirs]}
    assert policy.merged(new, [ours], OWNER) is None
    assert policy.merged(new, [], OWNER) == {"receiver": "default", "routes": [theirs]}


def test_our_route_that_was_moved_comes_back_first():
    ours = policy.build(route("chat"), OWNER)
    catch_all = {"receiver": "theirs"}
    assert policy.merged({"receiver": "default", "routes": [catch_all, ours]}, [ours], OWNER)["routes"] == [
        ours,
        catch_all,
    ]


def test_the_routes_of_the_proof_stand_before_ours():
    ours, proof = policy.build(route("chat"), OWNER), proof_route.routes("proof", OWNER)
    theirs = {"receiver": "theirs", "object_matchers": [["managed_by", "=", OWNER], ["rule", "=", "R"]]}
    tree = policy.merged({"receiver": "default", "routes": [theirs, ours]}, [*proof, ours], OWNER)
    assert tree["routes"] == [*proof, ours, theirs]
    assert policy.without_proof(tree, OWNER)["routes"] == [ours, theirs]
    elsewhere = proof_route.routes("elsewhere", OWNER)
    assert policy.merged(tree, [*elsewhere, ours], OWNER)["routes"] == [*elsewhere, ours, theirs]
    assert policy.merged(tree, [], OWNER)["routes"] == [theirs]


def test_what_is_not_declared_stays_without_a_purge():
    ours, proof = policy.build(route("chat"), OWNER), proof_route.routes("proof", OWNER)
    tree = {"receiver": "default", "routes": [*proof, ours]}
    assert policy.completed(proof_route.routes("new", OWNER), tree, OWNER) == [*proof_route.routes("new", OWNER), ours]
    assert policy.completed([policy.build(route("mail"), OWNER)], tree, OWNER) == [
        *proof,
        policy.build(route("mail"), OWNER),
    ]


def test_an_event_of_the_proof_reaches_nobody_else_and_a_test_everybody():
    tree = {"receiver": "default", "routes": [*proof_route.routes("proof", OWNER), policy.build(route("chat"), OWNER)]}
    labels = {"managed_by": OWNER, "k8s_ns_name": "proof", "rule": proof_route.RULE}
    sink = f"{OWNER} proof"
    for pod, ends in (("pipeline-proof-1", {sink}), ("notification-test-1", {sink, "chat"}), ("other", {"chat"})):
        assert notified.contact_points(tree, {**labels, "k8s_pod_name": pod}) == ends
    assert notified.contact_points(tree, {**labels, "rule": "R", "k8s_pod_name": "pipeline-proof-1"}) == {"chat"}


def test_a_route_that_matches_more_than_our_label_is_not_ours():
    narrower = {"receiver": "theirs", "object_matchers": [*OURS, ["severity", "=", "critical"]]}
    assert not policy.is_ours(narrower, OWNER)


@pytest.mark.parametrize(
    ("text", "matcher"),
    [
        ("severity=critical", ["severity", "=", "critical"]),
        ("a !~ b|c=d", ["a", "!~", "b|c=d"]),
        ("a=", ["a", "=", ""]),
    ],
)
def test_matchers(text, matcher):
    built = policy.build(route("chat", routes=[route("other", matchers=[text])]), OWNER)
    assert built["routes"][0]["object_matchers"] == [matcher]
