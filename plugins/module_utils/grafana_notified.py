# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom alerts reach: the way of an alert through the tree of notification policies to contact points.

The tree is Alertmanager's (prometheus.io/docs/alerting/latest/configuration/#route): the first route below that matches takes
the alert, and the next too where it says "continue"; where none does, the route itself. Labels that come out of a query are
not known here. A matcher on one may match or not, and both ways are followed. So nothing is called unnotified on a guess.
"""

from __future__ import annotations

import re

# The address of a new Grafana's contact point (grafana/grafana, pkg/setting/setting_unified_alerting.go); no mail goes there.
PLACEHOLDER = "<example@email.com>"
_HOLDS = {
    "=": lambda found, value: found == value,
    "!=": lambda found, value: found != value,
    "=~": lambda found, value: re.fullmatch(value, found) is not None,
    "!~": lambda found, value: re.fullmatch(value, found) is None,
}


def unnotified(rules: list[dict], tree: dict, points: list[dict]) -> dict[str, list[str]]:
    """Titles of the rules whose alerts reach nobody, by the contact points they end at.

    rules: as the provisioning API takes them. tree: the notification policies. points: contact points, those of the tree with
    their settings; one that is in no list has no receiver.
    """
    found: dict[str, list[str]] = {}
    for rule in rules:
        # A template in a label is filled in with what the query returns.
        labels = {name: value for name, value in rule["labels"].items() if "{{" not in str(value)}
        ends = contact_points(tree, {**labels, "alertname": rule["title"]})
        if not rule["isPaused"] and not any(has_receiver(name, points) for name in ends):
            found.setdefault(", ".join(sorted(ends)), []).append(rule["title"])
    return found


def contact_points(route: dict, labels: dict[str, str], inherited: str = "") -> set[str]:
    """Names of all contact points that an alert with these labels, and others, may be sent to."""
    receiver = route.get("receiver") or inherited
    found: set[str] = set()
    taken = False
    for below in route.get("routes") or []:
        matching = matches(below, labels)
        if matching is False:
            continue
        found |= contact_points(below, labels, receiver)
        taken = taken or bool(matching)
        if matching and not below.get("continue"):
            return found
    return found if taken else found | {receiver}


def matches(route: dict, labels: dict[str, str]) -> bool | None:
    """Whether a route takes an alert; None where that depends on labels that are not known."""
    answers = [
        _HOLDS[operator](str(labels[name]), value) if name in labels else None
        for name, operator, value in route.get("object_matchers") or []
    ]
    if False in answers:
        return False
    return None if None in answers else True


def has_receiver(name: str, points: list[dict]) -> bool:
    """Whether a contact point of this name sends anything to anybody."""
    return any(
        point["name"] == name and (point.get("settings") or {}).get("addresses") != PLACEHOLDER for point in points
    )


def warning(rules: list[dict], tree: dict, points: list[dict], variables: dict[str, str]) -> str:
    """What to say of rules whose alerts reach nobody, with the lines that change it; '' where there are none.

    variables: names for contact_points and policy in the place of the module's options.
    """
    found = unnotified(rules, tree, points)
    if not found:
        return ""
    names = {option: variables.get(option, option) for option in ("contact_points", "policy")}
    titles = [title for several in found.values() for title in several]
    return (
        f"{names['contact_points']}: nobody is notified of alerts of {len(titles)} rules ({', '.join(titles)}). Grafana's notification "
        f"policies send them to {' and to '.join(found)}, which has no receiver. Expected a contact point with one. Fix: declare it, for "
        f"example {names['contact_points']}: [{{name: security, type: webhook, settings: {{url: 'https://chat.example.org/hook'}}}}] "
        f"and {names['policy']}: {{contact_point: security}}."
    )
