# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose alerts reach nobody, by the tree of policies and the contact points."""

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_notified as notified

RULE = {"title": "Sensor down", "labels": {"severity": "critical", "managed_by": "ours"}, "isPaused": False}
CHAT = {"name": "chat", "type": "webhook", "settings": {"url": "https://chat.example.org/hook"}}
NEW = {"name": "grafana-default-email", "type": "email", "settings": {"addresses": "<example@email.com>"}}


def route(receiver, *matchers, **more):
    return {"receiver": receiver, "object_matchers": [list(matcher) for matcher in matchers], **more}


OURS = ("managed_by", "=", "ours")
CRITICAL = ("severity", "=", "critical")
POD = ("pod", "=~", "web-.*")

TREES = {
    "a new Grafana": (route("grafana-default-email"), {"grafana-default-email"}),
    "our route": (route("grafana-default-email", routes=[route("chat", OURS)]), {"chat"}),
    "another's route": (route("grafana-default-email", routes=[route("chat", ("team", "=", "web"))]), None),
    "a child that inherits": (route("chat", routes=[route("", CRITICAL)]), {"chat"}),
    "the first that matches": (route("a", routes=[route("b", CRITICAL), route("c", OURS)]), {"b"}),
    "one that continues": (
        route("a", routes=[route("b", CRITICAL, **{"continue": True}), route("c", OURS)]),
        {"b", "c"},
    ),
    "none that matches": (route("a", routes=[route("b", ("severity", "!=", "critical"))]), {"a"}),
    "an expression": (route("a", routes=[route("b", ("alertname", "=~", "Sensor"))]), {"a"}),
    "a label of the query": (route("a", routes=[route("b", POD)]), {"a", "b"}),
    "a label of the query that does not matter": (
        route("a", routes=[route("b", POD, ("severity", "=", "info"))]),
        {"a"},
    ),
    "below our route": (route("a", routes=[route("b", OURS, routes=[route("c", CRITICAL)])]), {"c"}),
}


@pytest.mark.parametrize("tree", TREES)
def test_the_way_of_an_alert(tree):
    policies, ends = TREES[tree]
    labels = {**RULE["labels"], "alertname": RULE["title"]}
    # A label that no rule sets may come from its query.
    assert notified.contact_points(policies, labels) == (ends or {"grafana-default-email", "chat"})


@pytest.mark.parametrize(
    ("tree", "points", "nobody"),
    [
        (route("grafana-default-email"), [NEW], {"grafana-default-email": ["Sensor down"]}),
        (route("empty"), [], {"empty": ["Sensor down"]}),
        (route("grafana-default-email", routes=[route("chat", OURS)]), [NEW, CHAT], {}),
        (route("grafana-default-email", routes=[route("chat", POD)]), [NEW, CHAT], {}),
        (route("mail"), [{**NEW, "name": "mail", "settings": {"addresses": "ops@example.org"}}], {}),
        (route("both"), [{**NEW, "name": "both"}, {**CHAT, "name": "both"}], {}),
        # Settings may be hidden from the account.
        (route("hidden"), [{"name": "hidden", "type": "slack", "settings": None}], {}),
    ],
)
def test_whose_alerts_reach_nobody(tree, points, nobody):
    assert notified.unnotified([RULE], tree, points) == nobody


def test_a_paused_rule_has_no_alerts():
    assert notified.unnotified([{**RULE, "isPaused": True}], route("empty"), []) == {}


def test_the_warning_names_the_rules_and_the_lines_that_change_it():
    names = {"contact_points": "grafana_wiring_contact_points", "policy": "grafana_wiring_notification_policy"}
    said = notified.warning([RULE], route("empty"), [], names)
    assert said.startswith("grafana_wiring_contact_points: nobody is notified of alerts of 1 rules (Sensor down).")
    assert "send them to empty, which has no receiver" in said
    assert said.endswith("and grafana_wiring_notification_policy: {contact_point: security}.")
    assert notified.warning([RULE], route("chat"), [CHAT], names) == ""
