from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.metrics_stack import rule_problems

GOOD = """
groups:
  - name: site
    rules:
      - {record: up:sum, expr: sum(up)}
      - {alert: Down, expr: up == 0}
      - {record: one, expr: 0}
"""


def test_rules_of_both_kinds_pass():
    assert rule_problems(["a.yml"], [GOOD]) == []
    assert rule_problems([], []) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("groups: [", "it is not YAML"),
        ("rules: []", "it has no list 'groups'"),
        ("- 1", "it has no list 'groups'"),
        ("groups: [{rules: []}]", "group 1 lacks a name"),
        ("groups: [{name: a, rules: []}, {name: a, rules: []}]", "two groups named 'a'"),
        ("groups: [{name: a, rules: [{expr: up}]}]", "group 'a', rule 1: it needs either 'record' or 'alert'"),
        ("groups: [{name: a, rules: [{record: r, alert: b, expr: up}]}]", "it needs either 'record' or 'alert'"),
        ("groups: [{name: a, rules: [{record: r}]}]", "group 'a', rule 1: it lacks 'expr'"),
        ("groups: [{name: a, rules: [text]}]", "group 'a', rule 1: it is not a mapping"),
    ],
)
def test_what_is_wrong_is_said_with_the_files_name(text, problem):
    (found,) = rule_problems(["site.yml"], [text])
    assert found.startswith("site.yml: ")
    assert problem in found


def test_a_group_may_be_in_one_file_only():
    assert rule_problems(["a.yml", "b.yml"], [GOOD, GOOD]) == ["b.yml: group 'site' is in a.yml too"]


def test_a_file_that_cannot_be_read():
    assert rule_problems(["a.yml", "b.yml"], [GOOD, None]) == ["b.yml: no readable file of UTF-8 text"]
