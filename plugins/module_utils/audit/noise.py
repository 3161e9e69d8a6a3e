# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which exceptions of detections would silence what an account does all the time, and nothing but that.

Noise is what one user does in one namespace with one program (its user agent) on three days at least. An exception names all of these:
what the same user does elsewhere, or with another program, stays an alert.
"""

from __future__ import annotations

import typing as t

from .detections import PRIORITIES, Detection, exception_problem
from .expression import lines
from .rules import by_group

LEAST_DAYS = 3
_FORM = "json"
# Everybody has these.
_NOBODY = ("system:anonymous", "system:unauthenticated")


class Found(t.NamedTuple):
    """What one user did; reason is why no exception is proposed for it, else ''."""

    uid: str
    user: str
    namespace: str
    user_agent: str
    requests: int
    days: int
    reason: str = ""

    @property
    def entry(self) -> dict[str, list[str]]:
        """In the form of grafana_wiring_audit_exceptions."""
        return {
            "detections": [self.uid],
            "users": [self.user],
            "namespaces": [self.namespace],
            "user_agents": [self.user_agent],
        }

    def result(self) -> dict[str, t.Any]:
        return {key: value for key, value in self._asdict().items() if key != "reason" or value}


def tunable(detections: t.Sequence[Detection], highest: str) -> list[Detection]:
    """Those on single requests, up to a priority. Detections that count have a threshold instead."""
    least = PRIORITIES.index(highest)
    return [one for one in detections if one.form == _FORM and one.group and PRIORITIES.index(one.priority) >= least]


def expressions(detections: t.Sequence[Detection]) -> list[str]:
    """LogQL that counts the requests of each group by all that matters; $window stands for the time."""
    by = "rule, user, k8s_ns_name, user_agent"
    return [
        f"sum by ({by}) (count_over_time({lines(members, ('user_agent',))} [$window]))"
        for members in by_group(detections).values()
    ]


def proposals(
    detections: t.Sequence[Detection], past: t.Iterable[tuple[int, dict[str, str], int]]
) -> tuple[list[Found], list[Found]]:
    """The exceptions to propose, and what none is proposed for, most requests first; the past by day, labels and count."""
    uids = {one.title: one.uid for one in detections}
    days: dict[tuple[str, ...], set[int]] = {}
    counts: dict[tuple[str, ...], int] = {}
    for day, labels, count in past:
        key = (uids[labels["rule"]], *(labels.get(name, "") for name in ("user", "k8s_ns_name", "user_agent")))
        days.setdefault(key, set()).add(day)
        counts[key] = counts.get(key, 0) + count
    found = [_found(key, counts[key], len(days[key]), list(uids.values())) for key in counts]
    found.sort(key=lambda one: (-one.requests, one))
    return [one for one in found if not one.reason], [one for one in found if one.reason]


def _found(key: tuple[str, ...], requests: int, days: int, uids: list[str]) -> Found:
    one = Found(*key, requests=requests, days=days)
    if days < LEAST_DAYS:
        reason = f"seen on {days} of the days only"
    elif one.user in _NOBODY:
        reason = "anybody may be this user"
    elif not all(key):
        reason = "it has no namespace, or no user agent, so an exception would be too wide"
    elif any("*" in value for value in key):
        reason = "a value has a *, which would stand for any characters"
    else:
        reason = exception_problem(one.entry, uids)
    return one._replace(reason=reason)
