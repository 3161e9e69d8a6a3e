# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of detections: its form, the page about it, the queries made of it, and exceptions in them."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.audit import (
    detections,
    expression,
    rules,
    templates,
)
from audit_inputs import NAMESPACES, TABLE, THRESHOLDS

TOP = Path(__file__).parents[3]
sys.path.insert(0, str(TOP / "tools"))
import audit_page


def built(exceptions=(), table=TABLE):
    return rules.build(detections.read(table, NAMESPACES, exceptions), THRESHOLDS)


def one(**more):
    return [{**TABLE[0], **more}]


def test_the_pages_are_current():
    """Fix: tools/audit_page.py"""
    texts = [page.read_text(encoding="utf-8") for page in audit_page.PAGES]
    assert [audit_page.filled(text) for text in texts] == texts
    parts = [audit_page.table(), audit_page.matrix(), audit_page.descriptions()]
    assert all(part in "".join(texts) for part in parts)


def test_the_notes_are_of_the_detections():
    notes = yaml.safe_load(audit_page.NOTES.read_text(encoding="utf-8"))
    assert list(notes) == [entry["uid"] for entry in TABLE]
    assert {tuple(note) for note in notes.values()} == {("raises", "silent", "noisy")}


def test_techniques_are_those_of_the_matrix():
    assert {entry["technique"] for entry in TABLE} <= set(audit_page.MATRIX)


def test_every_rule_says_what_is_wrong_and_where_to_read_on():
    for rule in built():
        texts = rule["annotations"]
        assert sorted(texts) == ["description", "runbook", "summary"]
        assert ".md" not in texts["runbook"]
        assert rule["error"] == "error" and "no_data" not in rule, "an absent log is no alert, a refused query is one"
    for entry in TABLE:
        assert len(entry["runbook"]) > 60


def test_titles_and_uids_differ_from_those_of_the_other_rules():
    others = {
        uid
        for template in (TOP / "roles/grafana_wiring/templates/alerts").glob("*.yml.j2")
        for uid in re.findall(r"^- uid: (\S+)$", template.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert others
    names = [*(rule["uid"] for rule in built()), *(entry["uid"] for entry in TABLE)]
    assert len(set(names)) == len(names) and not others & set(names)
    titles = [entry["title"] for entry in TABLE]
    falco = {rule["rule"] for rule in audit_page.falco_rules()}
    assert len(set(titles)) == len(titles) and not falco & set(titles)


def test_the_role_declares_the_group_and_what_the_table_refers_to():
    role = yaml.safe_load((TOP / "roles/grafana_wiring/vars/main/audit.yml").read_text(encoding="utf-8"))
    assert role["__grafana_wiring_audit_group"]["name"] == rules.GROUP
    assert set(role["__grafana_wiring_audit_namespaces"]) == set(NAMESPACES)
    assert set(role["__grafana_wiring_audit_thresholds"]) == {
        entry["more_than"] for entry in TABLE if "more_than" in entry
    }


def test_a_query_is_short_enough_for_gateways():
    """A gateway takes 8 KiB of a request's first line, in which most characters of a query take three."""
    for rule in built():
        sent = len(re.sub(r"[^A-Za-z0-9_.-]", "%20", rule["queries"][0]["expr"]))
        assert sent < 7500, (rule["uid"], sent)


@pytest.mark.parametrize(
    ("pattern", "condition"),
    [
        ("alice", 'eq .user "alice"'),
        ("*", 'ne .user ""'),
        ("system:*", 'hasPrefix "system:" .user'),
        ("*@x", 'hasSuffix "@x" .user'),
        ("a*b", 'gt (count "^a.*b\\x24" .user) 0'),
        ('a"b\\', 'eq .user "a\\"b\\\\"'),
        ("a`b$c", 'eq .user "a\\x60b\\x24c"'),
        ("a.*}}", 'gt (count "^a\\\\..*\\\\}\\\\}\\x24" .user) 0'),
    ],
)
def test_patterns_become_conditions(pattern, condition):
    assert templates.like("user", [pattern]) == condition


def test_values_of_users_leave_no_back_quote_and_no_dollar_in_a_query():
    plain = [rule["queries"][0]["expr"] for rule in built()]
    odd = [rule["queries"][0]["expr"] for rule in built([{"users": ["`$__range${x}`*`$"]}])]
    assert [text.count("`") for text in odd] == [text.count("`") for text in plain]
    assert not any("$" in text for text in odd)


def test_an_exception_is_limited_to_its_detections():
    exception = {"detections": ["pod-exec"], "users": ["bob"]}
    with_it = {rule["uid"] for rule in built([exception]) if '"bob"' in rule["queries"][0]["expr"]}
    assert with_it == {"audit-access"}
    everywhere = [rule for rule in built([{"users": ["bob"]}]) if '"bob"' in rule["queries"][0]["expr"]]
    assert len(everywhere) == len(built())


def test_all_keys_of_an_exception_have_to_fit():
    found = detections.read(one(exceptions=[]), NAMESPACES, [{"users": ["bob"], "namespaces": ["a", "b-*"]}])
    assert '(not (and (or (eq .object_namespace "a") (hasPrefix "b-" .object_namespace)) (eq .user "bob")))' in (
        expression.lines(found)
    )


def test_a_service_account_and_a_group_are_compared_whole():
    exceptions = [{"service_accounts": ["shop/web"]}, {"groups": ["team"]}]
    text = expression.lines(detections.read(one(exceptions=[]), NAMESPACES, exceptions))
    assert 'eq .user "system:serviceaccount:shop:web"' in text
    assert 'contains "\\"team\\"" .groups' in text


@pytest.mark.parametrize(
    ("exception", "problem"),
    [
        ({}, "needs one of users"),
        ({"detections": ["pod-exec"]}, "needs one of users"),
        ({"user": ["x"]}, "unknown key user"),
        ({"users": "x"}, "needs a list"),
        ({"users": []}, "needs a list"),
        ({"users": ["a\nb"]}, "control characters"),
        ({"users": ["x"], "detections": ["pod"]}, "names the detection pod"),
        ({"service_accounts": ["web"]}, "NAMESPACE/NAME"),
        ({"groups": ["a*"]}, "whole"),
        ("x", "needs one of users"),
    ],
)
def test_exceptions_that_cannot_be_used(exception, problem):
    assert problem in detections.exception_problem(exception, [entry["uid"] for entry in TABLE])
    with pytest.raises(detections.DefinitionError):
        detections.read(TABLE, NAMESPACES, [exception])


@pytest.mark.parametrize(
    "entry",
    [
        {"priority": "High"},
        {"technique": "T1"},
        {"where": {"pod": ["x"]}},
        {"line": []},
        {"line": ["`"]},
        {"group": "", "more_than": ""},
        {"outcome": "bad"},
        {"exceptions": [{"user": ["x"]}]},
        {"title": 'a"b'},
        {"unknown": 1},
    ],
)
def test_detections_that_cannot_be_used(entry):
    with pytest.raises(detections.DefinitionError):
        detections.read(one(**entry), NAMESPACES)
