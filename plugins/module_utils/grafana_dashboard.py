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
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_exports as exports
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import UID_RULE, is_uid
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_exports import DefinitionError

_MARK = "managed-"
# Set by Grafana, or of use only to its import page.
_NOT_CONTENT = ("id", "version", "iteration", "__inputs", "__requires", "__elements", "__folder")


class Dashboard(t.NamedTuple):
    """One dashboard, ready to be written."""

    uid: str
    title: str
    mark: str
    # Classic JSON, or the spec of a V2 resource.
    body: dict
    # The apiVersion and metadata of a V2 resource.
    api_version: str = ""
    metadata: dict = {}  # noqa: RUF012 - never written to
    # The folder it was exported from, and the ids of the panel plugins it needs.
    folder: str = ""
    plugins: tuple[str, ...] = ()


def _short(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def _mark_start(uid: str) -> str:
    return f"{_MARK}{_short(uid, 8)}-"


def is_ours(uid: str, tags: list[str], owner: str) -> bool:
    """True if the dashboard was written by this owner under this very uid."""
    return owner in tags and any(tag.startswith(_mark_start(uid)) for tag in tags)


def _checked(definition: t.Any) -> dict:
    definition = exports.unwrapped(definition)
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
    return definition


def _marked(uid: str, content: dict, owner: str) -> tuple[str, dict]:
    own_tags = [tag for tag in content.get("tags") or [] if tag != owner and not tag.startswith(_MARK)]
    content = {**content, "tags": [*own_tags, owner]}
    mark = _mark_start(uid) + _short(json.dumps(content, sort_keys=True), 16)
    return mark, {**content, "tags": [*own_tags, owner, mark]}


def prepare(definition: t.Any, inputs: dict[str, str], owner: str) -> Dashboard:
    """Fill the inputs in, bring library panels along, and add the tags."""
    definition = _checked(definition)
    uid, title, folder = definition["uid"], definition["title"], exports.folder_of(definition)
    body = exports.filled(definition, inputs)
    if exports.is_v2(definition):
        mark, spec = _marked(uid, body["spec"], owner)
        return Dashboard(uid, title, mark, spec, definition["apiVersion"], definition["metadata"], folder)
    body = exports.with_library_panels(body, body.get("__elements"))
    plugins = [one.get("id") for one in body.get("__requires") or [] if one.get("type") == "panel"]
    mark, content = _marked(uid, {key: value for key, value in body.items() if key not in _NOT_CONTENT}, owner)
    return Dashboard(uid, title, mark, content, folder=folder, plugins=tuple(sorted(filter(None, plugins))))


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
