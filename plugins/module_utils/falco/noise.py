# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which exceptions would silence noise, and nothing but noise.

Noise is what happens again and again in several places: events that are alike were seen in two pods at least and on two days at least.
Alike are events of the same namespace, image, program, parent program and user for which the exception has the same values. An exception
is proposed only if all events of the past that it would silence are noise by themselves; a single one that is not withholds it.
"""

from __future__ import annotations

import typing as t

from .exceptions import POD, ExceptionOf, Rule

NAMESPACE = "k8s.ns.name"
# What makes an attack unlike the noise around it.
CONTEXT = (NAMESPACE, "container.image.repository", "proc.exepath", "proc.pname", "user.name")
PRIORITIES = ("emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug")
_LEAST_PODS, _LEAST_DAYS = 2, 2


class Seen(t.NamedTuple):
    """Equal events of one pod on one day."""

    rule: str
    fields: dict[str, str]
    day: int
    count: int


class Found(t.NamedTuple):
    """An exception with values, and what it would silence; reason is why it is withheld, else ''."""

    rule: str
    exception: ExceptionOf
    values: tuple[str, ...]
    events: int
    pods: int
    days: int
    reason: str = ""

    def result(self) -> dict:
        return {
            "rule": self.rule,
            "exception": self.exception.name,
            "values": list(self.values),
            "events": self.events,
            "pods": self.pods,
            "days": self.days,
            **({"reason": self.reason} if self.reason else {}),
        }


def is_tunable(rule: Rule, highest: str) -> bool:
    """Whether exceptions of the rule may be proposed; one above the priority is never."""
    return rule.priority in PRIORITIES and PRIORITIES.index(rule.priority) >= PRIORITIES.index(highest)


def proposals(rules: list[Rule], past: list[Seen], highest: str) -> tuple[list[Found], list[Found]]:
    """The exceptions to propose, and those that are withheld; most events first."""
    proposed: list[Found] = []
    withheld: list[Found] = []
    for rule in rules:
        if not is_tunable(rule, highest):
            continue
        left = [seen for seen in past if seen.rule == rule.name]
        everything = list(left)
        # The narrowest first: what it silences needs no wider one.
        for exception in sorted(rule.exceptions, key=lambda one: -len(one.fields)):
            noisy = _noisy(exception, everything)
            for values in sorted({exception.values_of(seen.fields) or () for seen in left} - {()}):
                found = _found(rule.name, exception, values, everything, noisy)
                if not found:
                    continue
                (withheld if found.reason else proposed).append(found)
                if not found.reason:
                    left = [seen for seen in left if not exception.fits(values, seen.fields)]
    silent = {(one.rule, one.values) for one in proposed}
    withheld = [one for one in withheld if (one.rule, one.values) not in silent]
    return sorted(proposed, key=lambda one: -one.events), sorted(withheld, key=lambda one: -one.events)


def _alike(exception: ExceptionOf, seen: Seen) -> tuple:
    return exception.values_of(seen.fields), tuple(seen.fields.get(name, "") for name in CONTEXT)


def _pods(several: t.Iterable[Seen]) -> set[tuple[str, str]]:
    return {(seen.fields.get(NAMESPACE, ""), seen.fields[POD]) for seen in several if seen.fields.get(POD)}


def _noisy(exception: ExceptionOf, past: list[Seen]) -> set[tuple]:
    """Of events that are alike, those that are noise."""
    groups: dict[tuple, list[Seen]] = {}
    for seen in past:
        groups.setdefault(_alike(exception, seen), []).append(seen)
    return {
        alike
        for alike, several in groups.items()
        if len(_pods(several)) >= _LEAST_PODS and len({seen.day for seen in several}) >= _LEAST_DAYS
    }


def _found(
    rule: str, exception: ExceptionOf, values: tuple[str, ...], past: list[Seen], noisy: set[tuple]
) -> Found | None:
    """None where the values are not those of noise."""
    silenced = [seen for seen in past if exception.fits(values, seen.fields)]
    rare = [seen for seen in silenced if _alike(exception, seen) not in noisy]
    if len(rare) == len(silenced):
        return None
    reason = ""
    if rare:
        reason = f"it would also silence {sum(seen.count for seen in rare)} events that were seen in one pod or on one day only"
    elif any('"' in value or "***" in value for value in values):
        reason = "a value has a quotation mark, or a secret that the log agent masked, so Falco would not match it"
    days = {seen.day for seen in silenced}
    return Found(rule, exception, values, sum(seen.count for seen in silenced), len(_pods(silenced)), len(days), reason)
