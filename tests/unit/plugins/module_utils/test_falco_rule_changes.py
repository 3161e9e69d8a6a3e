"""Rules that were added, removed and changed between two versions of a set."""

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco.rule_changes import changes, defined

BEFORE = """
- required_engine_version: 0.57.0
- list: shells
  items: [sh, bash]
- macro: opened
  condition: evt.type in (open, openat)
- rule: A
  desc: d
  condition: opened and
    proc.name in (shells)
  output: o
  priority: NOTICE
  tags: [a, b]
- rule: B
  desc: d
  condition: opened
  output: o
  priority: NOTICE
"""
CASES = {
    "nothing": (BEFORE, []),
    "another way of writing": (
        BEFORE.replace("opened and\n    proc", "opened and proc").replace("[sh, bash]", "[sh,   bash]"),
        [],
    ),
    "a priority": (BEFORE.replace("NOTICE\n  tags", "ERROR\n  tags"), ["~ rule 'A' (f): priority"]),
    "a condition and a tag": (
        BEFORE.replace("(shells)\n", "(shells, sh)\n").replace("[a, b]", "[a]"),
        ["~ rule 'A' (f): condition, tags"],
    ),
    "a list": (BEFORE.replace("bash]", "bash, zsh]"), ["~ list 'shells' (f): items"]),
    "a key more": (BEFORE + "  enabled: false\n", ["~ rule 'B' (f): enabled"]),
    "another name": (BEFORE.replace("rule: B", "rule: C"), ["- rule 'B' (f)", "+ rule 'C' (f)"]),
    "no file": (None, ["- rule 'A' (f)", "- rule 'B' (f)", "- macro 'opened' (f)", "- list 'shells' (f)"]),
    "no YAML": ("- [", ["- rule 'A' (f)", "- rule 'B' (f)", "- macro 'opened' (f)", "- list 'shells' (f)"]),
    "what appends": (
        BEFORE + "- list: shells\n  items: [zsh]\n  override: {items: append}\n",
        ["~ list 'shells' (f): items, override"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_differs(case):
    after, lines = CASES[case]
    files = {} if after is None else {"f": after}
    assert changes({"f": BEFORE, "same": BEFORE}, {**files, "same": BEFORE}) == lines


def test_a_rule_that_is_only_changed_is_not_defined():
    changed = "- rule: C\n  condition: x\n  output: y\n  override: {condition: replace, output: replace}\n- rule: D\n  enabled: true\n"
    assert defined([BEFORE, changed, "- ["]) == {"A", "B"}
