# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Contact points as they shall be, compared with what Grafana has.

A contact point has no labels, so ours are known by their uid, which begins with a digest of the owner. Grafana never
gives secure settings back; a salted fingerprint beside the other settings tells whether they have to be sent again.
"""

from __future__ import annotations

import hashlib

from .grafana_alert_rules import DefinitionError
from .grafana_data_source_settings import FINGERPRINT, fingerprint, matches

REDACTED = "[REDACTED]"
_MASKED = "********"


def _short(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def uid(point: dict, owner: str) -> str:
    """The same for the same owner, name and type, and nobody else's."""
    return f"{_short(owner, 8)}-{_short(point['name'] + '/' + point['type'], 16)}"


def is_ours(found: dict, owner: str) -> bool:
    """True if this owner made the contact point."""
    return str(found.get("uid", "")).startswith(_short(owner, 8) + "-")


def build(point: dict, found: dict | None, owner: str) -> dict:
    """The body for POST or PUT; an unchanged secret keeps its fingerprint."""
    secure = {key: str(value) for key, value in (point["secure_settings"] or {}).items()}
    settings = {**(point["settings"] or {}), **secure}
    if secure:
        stored = str(((found or {}).get("settings") or {}).get(FINGERPRINT, ""))
        settings[FINGERPRINT] = stored if matches(secure, stored) else fingerprint(secure)
    return {
        "uid": uid(point, owner),
        "name": point["name"],
        "type": point["type"],
        "disableResolveMessage": not point["send_resolved"],
        "settings": settings,
    }


def refuse_unusable(points: list[dict], found: list[dict], owner: str) -> None:
    """Names that are declared twice or used by others would mix two receivers under one name."""
    declared = [(point["name"], point["type"]) for point in points]
    for name, kind in declared:
        if declared.count((name, kind)) > 1:
            raise DefinitionError(f"two contact points are called {name!r} and have the type {kind!r}: rename one")
    for point in points:
        for other in found:
            if other["name"] == point["name"] and not is_ours(other, owner):
                raise DefinitionError(
                    f"Grafana already has a contact point {point['name']!r} (uid {other['uid']!r}) that was not made by "
                    f"{owner}. Give the declared one another name, or remove the other."
                )
    for point in points:
        both = sorted(set(point["settings"] or {}) & set(point["secure_settings"] or {}))
        if both:
            raise DefinitionError(f"contact point {point['name']!r} has {both[0]!r} in settings and in secure_settings")


def undeclared(points: list[dict], found: list[dict], owner: str) -> list[dict]:
    """Those of this owner that are no longer declared."""
    keep = {uid(point, owner) for point in points}
    return [point for point in found if point["uid"] not in keep and is_ours(point, owner)]


def refuse_used(gone: list[dict], rules: list[dict], targets: set[str], owner: str) -> None:
    """Grafana does not delete a contact point that somebody sends to, so nothing is begun."""
    for point in gone:
        users = [
            f"the alert rule {rule['title']!r} ({rule['uid']})"
            for rule in rules
            if (rule.get("notification_settings") or {}).get("receiver") == point["name"]
        ]
        users += ["a route of others in the notification policies"] if point["name"] in targets else []
        if users:
            raise DefinitionError(
                f"contact_points: {point['name']!r} of {owner} is no longer declared, but {users[0]} sends to it. Expected no use "
                "of a contact point that goes. Fix: send that to another contact point, or declare this one again."
            )


def _plain(body: dict, secure: set[str]) -> dict:
    # An empty value and none are the same to Grafana.
    return {key: value for key, value in body["settings"].items() if key not in secure and value not in ("", None)}


def is_as_declared(found: dict, body: dict, point: dict) -> bool:
    """True if nothing has to be sent."""
    secure = set(point["secure_settings"] or {})
    same = all(found.get(key, False) == body[key] for key in ("name", "type", "disableResolveMessage"))
    # A secret that vanished from Grafana: the fingerprint cannot tell.
    there = all(found["settings"].get(key) for key in secure)
    # A secret that is no longer declared is still there, masked.
    return same and there and _plain(found, secure) == _plain(body, secure)


def view(body: dict | None, secure: set[str]) -> dict:
    """A contact point without secrets, for --diff; a new secret shows as a new fingerprint."""
    if not body:
        return {}
    hidden = {key: _MASKED if key in secure or value == REDACTED else value for key, value in body["settings"].items()}
    return {
        "name": body["name"],
        "type": body["type"],
        "disableResolveMessage": body.get("disableResolveMessage", False),
        "settings": hidden,
    }
