# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dashboards as they shall be, and how to tell from tags alone that Grafana has them so.

Each dashboard carries two tags: the owner's, and a mark made of its uid and its content. One search
gives all tags, so unchanged dashboards need no request of their own. A copy that somebody saves under
another uid keeps the tags, but its mark does not fit its uid: it is not ours.
"""

from __future__ import annotations

import hashlib
import json
import re
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import UID_RULE, is_uid

_MARK = "managed-"
_INPUT = re.compile(r"\$\{(\w+)\}")
# Set by Grafana, or of use only to its import page.
_NOT_CONTENT = ("id", "version", "iteration", "__inputs", "__requires", "__elements")


class DefinitionError(Exception):
    """A dashboard's definition that cannot be used; the message says which and why."""


class Dashboard(t.NamedTuple):
    """One dashboard, ready to be written."""

    uid: str
    title: str
    mark: str
    body: dict


def _short(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def _mark_start(uid: str) -> str:
    return f"{_MARK}{_short(uid, 8)}-"


def is_ours(uid: str, tags: list[str], owner: str) -> bool:
    """True if the dashboard was written by this owner under this very uid."""
    return owner in tags and any(tag.startswith(_mark_start(uid)) for tag in tags)


def _input_value(title: str, wanted: dict, inputs: dict[str, str]) -> str:
    # Exported dashboards call the same source by many names, so a plugin's id serves all of them.
    for key in (wanted["name"], wanted.get("pluginId")):
        if key in inputs:
            return inputs[key]
    if wanted.get("type") == "constant" and "value" in wanted:
        return wanted["value"]
    kind = wanted.get("pluginId") or wanted["name"]
    raise DefinitionError(
        f"dashboard {title!r} asks for the input {wanted['name']!r}, which inputs does not have: "
        f"add {wanted['name']} or {kind} with the uid of a data source"
    )


def _replaced(node: t.Any, values: dict[str, str]) -> t.Any:
    if isinstance(node, str):
        return _INPUT.sub(lambda match: values.get(match.group(1), match.group(0)), node)
    if isinstance(node, list):
        return [_replaced(item, values) for item in node]
    if isinstance(node, dict):
        return {key: _replaced(item, values) for key, item in node.items()}
    return node


def _classic(definition: t.Any) -> t.Any:
    """The dashboard's own JSON; a resource, as exported from Grafana 12 and newer, has it inside."""
    if not isinstance(definition, dict):
        return definition
    version = str(definition.get("apiVersion", "")).rpartition("/")[2]
    inside = definition.get("spec") if version else definition
    name = (definition.get("metadata") or {}).get("name") if version else definition.get("title")
    if version.startswith("v2") or (isinstance(inside, dict) and {"elements", "layout"} <= set(inside)):
        raise DefinitionError(
            f"dashboard {name!r} is written in schema v2, which only Grafana 12 and newer know: export it with the model "
            "Classic"
        )
    if version and isinstance(inside, dict):
        return {**inside, "uid": name or inside.get("uid")}
    return inside


def prepare(definition: t.Any, inputs: dict[str, str], owner: str) -> Dashboard:
    """Fill the inputs in and add the tags."""
    definition = _classic(definition)
    title = definition.get("title") if isinstance(definition, dict) else None
    if not title:
        raise DefinitionError(
            "a dashboard's definition has no title: give the JSON of one dashboard, as Grafana exports it"
        )
    uid = definition.get("uid")
    if not uid:
        # Without one each run would make a new dashboard.
        raise DefinitionError(f"dashboard {title!r} has no uid: add a fixed one of at most 40 characters")
    if not is_uid(uid):
        raise DefinitionError(f"dashboard {title!r} has the uid {uid!r}, which Grafana refuses: give it {UID_RULE}")
    values = {wanted["name"]: _input_value(title, wanted, inputs) for wanted in definition.get("__inputs") or []}
    body = _replaced({key: value for key, value in definition.items() if key not in _NOT_CONTENT}, values)
    own_tags = [tag for tag in body.get("tags") or [] if tag != owner and not tag.startswith(_MARK)]
    body["tags"] = [*own_tags, owner]
    mark = _mark_start(uid) + _short(json.dumps(body, sort_keys=True), 16)
    body["tags"].append(mark)
    return Dashboard(uid, title, mark, body)


def prepare_all(definitions: list, inputs: dict[str, str], owner: str) -> list[Dashboard]:
    """Every definition; two of the same uid would overwrite each other."""
    dashboards = [prepare(definition, inputs, owner) for definition in definitions]
    titles: dict[str, str] = {}
    for dashboard in dashboards:
        if dashboard.uid in titles:
            both = f"{titles[dashboard.uid]!r} and {dashboard.title!r}"
            raise DefinitionError(f"dashboards {both} have the same uid {dashboard.uid!r}: give each its own")
        titles[dashboard.uid] = dashboard.title
    return dashboards


def stale(hits: list[dict], dashboards: list[Dashboard], owner: str) -> list[str]:
    """The uids of ours that are no longer declared."""
    declared = {dashboard.uid for dashboard in dashboards}
    return sorted(
        hit["uid"] for hit in hits if hit["uid"] not in declared and is_ours(hit["uid"], hit.get("tags") or [], owner)
    )


def content(body: dict | None) -> dict:
    """A dashboard's JSON without what Grafana adds, for --diff."""
    return {key: value for key, value in (body or {}).items() if key not in _NOT_CONTENT}
