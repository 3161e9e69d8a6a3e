# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exceptions of Falco's rules: which fields each compares and how, and what a value of it matches."""

from __future__ import annotations

import functools
import re
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.yaml_library import LOADER, yaml

POD = "k8s.pod.name"
# How Falco compares a field with a value (falcosecurity/libs, userspace/libsinsp/filter_compare.cpp), as far as exceptions use it here.
_HOLDS: dict[str, t.Callable[[str, str], bool]] = {
    "=": lambda found, value: found == value,
    "in": lambda found, value: found == value,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": lambda found, value: value in found,
    "pmatch": lambda found, value: found == value or found.startswith(value.rstrip("/") + "/"),
}
# What controllers add to a name: a ReplicaSet's hash and five letters, five letters, or a number.
_OF_CONTROLLER = re.compile(r"(?:-[a-f0-9]{6,10}-[a-z0-9]{5}|-[a-z0-9]{5}|-[0-9]+)\Z")


class ExceptionOf(t.NamedTuple):
    """An exception of a rule."""

    name: str
    fields: tuple[str, ...]
    comps: tuple[str, ...]

    def values_of(self, event: t.Mapping[str, str]) -> tuple[str, ...] | None:
        """The values that make the exception fit the event, and no more than needed; None where the event lacks a field."""
        values = tuple(event.get(field, "") for field in self.fields)
        if not all(values):
            return None
        return tuple(
            _name_of_all(value) if (field, comp) == (POD, "startswith") else value
            for field, comp, value in zip(self.fields, self.comps, values)
        )

    def fits(self, values: tuple[str, ...], event: t.Mapping[str, str]) -> bool:
        """Whether Falco would be silent about the event."""
        return all(
            field in event and _HOLDS[comp](event[field], value)
            for field, comp, value in zip(self.fields, self.comps, values)
        )

    def written(self, values: tuple[str, ...]) -> list:
        """The values as a rules file has them."""
        return [[value] if comp == "in" else value for comp, value in zip(self.comps, values)]


class Rule(t.NamedTuple):
    """A rule as far as exceptions need it."""

    name: str
    priority: str
    exceptions: tuple[ExceptionOf, ...]


@functools.cache
def _loader() -> type:
    """The library's loader, with the operator '=' as the string that it is for Falco."""
    loader = type("Loader", (LOADER,), {})
    loader.add_constructor("tag:yaml.org,2002:value", lambda one, node: one.construct_scalar(node))
    return loader


def _name_of_all(pod: str) -> str:
    """What the names of all pods of a controller begin with."""
    match = _OF_CONTROLLER.search(pod)
    return pod[: match.start()] + "-" if match and match.start() else pod


def _exception(entry: dict) -> ExceptionOf | None:
    """None where it only adds values, or compares in a way that is not known here."""
    fields, comps = entry.get("fields"), entry.get("comps")
    if not isinstance(fields, list):
        return None
    comps = comps if isinstance(comps, list) else ["="] * len(fields)
    if len(comps) != len(fields) or not all(isinstance(comp, str) and comp in _HOLDS for comp in comps):
        return None
    return ExceptionOf(str(entry.get("name")), tuple(fields), tuple(comps))


def entries_of(text: str) -> list[dict[str, t.Any]]:
    """The rules, macros, lists and requirements of a rules file."""
    return [entry for entry in yaml.load(text, Loader=_loader()) or [] if isinstance(entry, dict)]


def rules_of(texts: t.Iterable[str]) -> list[Rule]:
    """The rules with exceptions in rules files; a later file changes what an earlier one has."""
    found: dict[str, dict[str, t.Any]] = {}
    for text in texts:
        for entry in entries_of(text):
            if "rule" not in entry:
                continue
            # One without a condition of its own changes the rule that is there.
            rule = {} if "condition" in entry and not entry.get("override") else found.get(str(entry["rule"]), {})
            rule = {**rule, "priority": str(entry.get("priority", rule.get("priority", "debug"))).lower()}
            added = {one.name: one for one in map(_exception, entry.get("exceptions") or []) if one}
            rule["exceptions"] = {**rule.get("exceptions", {}), **added}
            found[str(entry["rule"])] = rule
    return [
        Rule(name, rule["priority"], tuple(rule["exceptions"].values()))
        for name, rule in found.items()
        if rule["exceptions"]
    ]
