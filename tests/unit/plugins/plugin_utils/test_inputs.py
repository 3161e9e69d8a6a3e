from __future__ import annotations

import datetime

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.inputs import (
    carries_secrets,
    faults,
    readable,
    shown,
)

IMAGE = {"type": "dict", "options": {"tag": {"type": "str", "required": True}, "pull": {"type": "bool"}}}


@pytest.mark.parametrize(
    ("value", "option"),
    [
        ("", {}),
        ("\U0001f525", {"type": "str"}),
        ("-5", {"type": "int"}),
        (2**63 - 1, {"type": "int"}),
        ("Yes", {"type": "bool"}),
        (0, {"type": "bool"}),
        ([], {"type": "list", "elements": "str"}),
        ([{"a": "two\nlines"}], {"type": "list", "elements": "dict"}),
        ({"tag": "1", "pull": None}, IMAGE),
        (5, {"type": "raw"}),
        ({5: datetime.date(2024, 4, 1), True: b"text"}, {"type": "dict"}),
        ("a", {"choices": ["a", "b"]}),
    ],
)
def test_sound(value, option):
    assert faults(value, option) == []


@pytest.mark.parametrize(
    ("value", "option", "where", "expected"),
    [
        (None, {}, "", "a string"),
        (3.1, {}, "", "quotes"),
        ("a\n", {}, "", "one line"),
        ("a\x00", {}, "", "control characters"),
        ("\ud800", {}, "", "control characters"),
        ("x" * 5000, {}, "", "4096"),
        ("c", {"choices": ["a", "b"]}, "", "one of a, b"),
        (True, {"type": "int"}, "", "whole number"),
        ("1.5", {"type": "int"}, "", "whole number"),
        (2**63, {"type": "int"}, "", "64 bits"),
        ("y", {"type": "bool"}, "", "true or false"),
        ("a,b", {"type": "list"}, "", "a list"),
        (["a", 5], {"type": "list", "elements": "str"}, "[1]", "a string"),
        (["a", "b\n"], {"type": "list", "elements": "str"}, "[1]", "one line"),
        ("a=b", {"type": "dict"}, "", "a dictionary"),
        ({"a": b"a\x00"}, {"type": "dict"}, ".a", "control characters"),
        ({None: "a"}, {"type": "dict"}, "", "keys that are strings"),
        ({"a": {1, 2}}, {"type": "dict"}, ".a", "a mapping"),
        ([{"a": datetime.datetime(2024, 4, 1)}], {"type": "list", "elements": "dict"}, "[0].a", "a string"),
        (datetime.date(2024, 4, 1), {"type": "str"}, "", "a string"),
        ({"a": {"b": float("nan")}}, {"type": "dict"}, ".a.b", "finite"),
        ({"tags": "1"}, IMAGE, "", "keys tag, pull"),
        ({}, IMAGE, "", "with tag"),
        ({"tag": "1", "pull": "never"}, IMAGE, ".pull", "true or false"),
        ({"a": "x" * 300_000}, {"type": "dict"}, "", "256 KiB"),
    ],
)
def test_faulty(value, option, where, expected):
    fault = faults(value, option)[0]
    assert fault.where == where
    assert expected in fault.expected


def test_nested_too_deep():
    value = {}
    for _level in range(2000):
        value = {"a": value}
    assert "32 levels" in faults(value, {"type": "dict"})[0].expected


def test_several_lines_where_they_are_asked_for():
    assert faults("a\nb", {}, several_lines=True) == []


def test_what_is_shown_can_be_read():
    assert shown("a\u202e\n") == r"'a\u202e\n'"
    assert shown(None) == "'null'"
    assert shown("x" * 500) == f"'{'x' * 200} ... (500 characters)'"
    assert readable("abc", 2) == "ab ... (3 characters)"


def test_a_secret_may_lie_deeper():
    assert carries_secrets({"options": {"a": {"options": {"key": {"no_log": True}}}}})
    assert not carries_secrets(IMAGE)
