# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wanted alert rules in the form of Grafana's provisioning API, compared with the existing ones.

A rule of ours has the label managed_by, and in its condition's model a mark made of its uid and its content.
Notifications show labels, so the owner is one; they do not show models, so the mark bothers nobody. The mark tells
an edit in Grafana from a new declaration, and a copy under another uid from the rule itself.
"""

from __future__ import annotations

import hashlib
import json
import typing as t

OWNER_LABEL = "managed_by"
_MARK = "managedMark"
_CONDITION = "CONDITION"
_EXPRESSIONS = "__expr__"
# How far back a query may look for its newest value; the range that a rule evaluates is in its expression.
_RANGE_SECONDS = 600
_NO_DATA = {"ok": "OK", "alerting": "Alerting", "no_data": "NoData"}
_ERROR = {"ok": "OK", "alerting": "Alerting", "error": "Error"}


class DefinitionError(Exception):
    """Something declared that cannot be used; the message says what and why."""


def _short(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def duration(seconds: int) -> str:
    """Seconds as Grafana writes them, so that equal times are equal texts."""
    parts = []
    for unit, size in (("h", 3600), ("m", 60), ("s", 1)):
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0s"


def _query(query: dict) -> dict:
    model = {"refId": query["ref"], "expr": query["expr"], "editorMode": "code"}
    if query["type"] == "loki":
        model["queryType"] = "instant"
    else:
        model.update(instant=True, range=False)
    return {
        "refId": query["ref"],
        "datasourceUid": query["data_source"],
        "relativeTimeRange": {"from": _RANGE_SECONDS, "to": 0},
        "model": model,
    }


def _condition(expression: str) -> dict:
    return {
        "refId": _CONDITION,
        "datasourceUid": _EXPRESSIONS,
        "relativeTimeRange": {"from": 0, "to": 0},
        "model": {"refId": _CONDITION, "type": "math", "expression": expression},
    }


def build(rule: dict, folder_uid: str, group: str, owner: str) -> dict:
    """The rule as the API takes it, with our label and our mark."""
    body = {
        "uid": rule["uid"],
        "title": rule["title"],
        "folderUID": folder_uid,
        "ruleGroup": group,
        "condition": _CONDITION,
        "data": [_query(query) for query in rule["queries"]] + [_condition(rule["condition"])],
        "noDataState": _NO_DATA[rule["no_data"]],
        "execErrState": _ERROR[rule["error"]],
        "for": duration(rule["for_seconds"]),
        "labels": {**(rule["labels"] or {}), OWNER_LABEL: owner},
        "annotations": dict(rule["annotations"] or {}),
        "isPaused": rule["paused"],
    }
    body["data"][-1]["model"][_MARK] = f"{_short(rule['uid'], 8)}-{_short(json.dumps(body, sort_keys=True), 16)}"
    return body


def build_all(rules: list[dict], folder_uid: str, group: str, owner: str) -> list[dict]:
    """Every rule, in its own group or in the one given; Grafana wants each uid once, and each title once in a folder."""
    for key in ("uid", "title"):
        values = [rule[key] for rule in rules]
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise DefinitionError(f"alert rules have the same {key} {twice[0]!r}: give each its own")
    return [build(rule, folder_uid, rule.get("group") or group, owner) for rule in rules]


def mark(body: dict) -> str:
    """The mark we wrote into the rule, or an empty string."""
    marks = [query.get("model", {}).get(_MARK) for query in body.get("data") or []]
    return next((str(found) for found in marks if found), "")


def is_ours(body: dict, owner: str) -> bool:
    """True if this owner wrote the rule under this very uid."""
    labelled = (body.get("labels") or {}).get(OWNER_LABEL) == owner
    return labelled and mark(body).startswith(_short(body["uid"], 8) + "-")


def holds(found: t.Any, wanted: t.Any) -> bool:
    """True if everything that is wanted is there; what Grafana or people add beside it is none of ours."""
    # Grafana adds keys of its own (intervalMs, maxDataPoints ...), so the wanted ones decide; it omits what is empty.
    if not wanted and not found:
        return True
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(holds(found.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return (
            isinstance(found, list)
            and len(found) == len(wanted)
            and all(holds(one, other) for one, other in zip(found, wanted))
        )
    return found == wanted


def is_as_declared(found: dict, body: dict) -> bool:
    """True if Grafana's rule does what the declared one does."""
    # A label or annotation more is sent to people, so here what Grafana has beyond the declared counts.
    extra = any((found.get(key) or {}) != body[key] for key in ("labels", "annotations"))
    return not extra and holds(found, body)


def view(body: dict | None) -> dict:
    """A rule's content without what Grafana adds, for --diff."""
    if not body:
        return {}
    keys = ("title", "folderUID", "ruleGroup", "for", "noDataState", "execErrState", "labels", "annotations")
    shown = {key: body.get(key) or {} for key in keys}
    shown["isPaused"] = body.get("isPaused", False)
    shown["queries"] = {
        query["refId"]: query["model"].get("expr") or query["model"].get("expression") for query in body["data"]
    }
    return shown
