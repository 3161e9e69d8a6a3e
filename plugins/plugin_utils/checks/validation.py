# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validates the inputs of a role: first each by the specification, then by the checks. Private to the collection."""

from __future__ import annotations

import json
import typing as t

from ansible.errors import AnsibleError
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.check import Problem
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.table import checks_of
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.inputs import (
    carries_secrets,
    faults,
    is_free,
    readable,
    shown,
)
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.yaml_source import Sources

# Characters of what others wrote.
_SHORT = 1000
HIDDEN = "not shown"


class RefusedInput(Exception):
    """A check asked for an input that is refused itself: that one is reported, and no other for its sake."""


class Validation:
    """The inputs of a role, with what checks ask for: it is their Inputs.

    options: the inputs by the role's specification; checks: the role's table; compute: returns a variable of the play, or raises
    AnsibleError; is_file: whether a path leads to a file on the host. A check may rely on the inputs above its own in the table.
    """

    def __init__(
        self,
        options: dict[str, dict],
        checks: dict[str, t.Any],
        compute: t.Callable[[str], t.Any],
        is_file: t.Callable[[str], bool],
        host: str = "the host",
    ) -> None:
        self._options = options
        self._checks = {name: checks_of(entry) for name, entry in checks.items()}
        self._compute = compute
        self.is_file = is_file
        self.host = host
        self._values: dict[str, t.Any] = {}
        self._refused: dict[str, str] = {}

    def __getitem__(self, name: str) -> t.Any:
        if name in self._refused:
            raise RefusedInput(name)
        return self._value(name)

    def messages(self, read: t.Callable[[str], str]) -> list[str]:
        """What is refused, and why; read returns the text of a file that a value was written in."""
        # The checks may build on what the specification says.
        return self._by_specification(Sources(read)) or self._by_checks()

    def _value(self, name):
        if name not in self._values:
            self._values[name] = self._compute(name)
        return self._values[name]

    def _by_specification(self, sources):
        refused, uncomputed = [], []
        for name, option in self._options.items():
            try:
                value = self._value(name)
            except (AnsibleError, RecursionError) as error:
                uncomputed.append(
                    message(name, option, "", Problem("a value that can be computed", reason(error), hidden=True))
                )
                continue
            lines = any(check.several_lines for check in self._checks.get(name, []))
            found = faults(value, option, several_lines=lines)
            if not found and is_free(option):
                found = list(sources.misread(value))[:1]
            for fault in found[:1]:
                problem = Problem(fault.expected, fix=fault.fix or "")
                refused.append(message(name + fault.where, option, fault.value, problem))
        # One that is computed from a refused one has no fault of its own.
        return refused or uncomputed

    def _by_checks(self):
        for name, checks in self._checks.items():
            value, problem = "", None
            try:
                value = self._value(name)
                problem = next(filter(None, (check.find(value, self) for check in checks)), None)
            except RefusedInput:
                continue
            except (AnsibleError, RecursionError) as error:
                problem = Problem("a value that can be checked", reason(error), hidden=True)
            if problem:
                self._refused[name] = message(name, self._options.get(name, {}), value, problem)
        return list(self._refused.values())


def message(name: str, option: dict, value: t.Any, problem: Problem) -> str:
    """What is wrong with an input, what is expected, and what to do. A default that is not empty is the example."""
    said = HIDDEN if problem.hidden or carries_secrets(option) else shown(value)
    example = option.get("default") or problem.example or option.get("choices", [""])[0]
    fix = problem.fix or (f"set it to, for example, {_written(example)}" if example else "correct it, or remove it")
    what, expected, fix = (readable(text, _SHORT) for text in (problem.what, problem.expected, fix))
    return f"{name}: {what} ({said}). Expected {expected}. Fix: {fix}."


def _written(example):
    """An example as YAML takes it."""
    return f"'{example}'" if isinstance(example, str) else json.dumps(example)


def reason(error: BaseException) -> str:
    """What an error comes from, without the layers above it."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(getattr(error, "message", None) or error)
