# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All dashboards and folders that Grafana has, or those with a tag.

/api/search has no successor in the newer API. Where it is gone, the lists of dashboards and of folders are read instead.
"""

from __future__ import annotations

import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_apis import (
    DASHBOARDS,
    FOLDERS,
    Apis,
    Kind,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import GrafanaError, path

# Grafana's upper limit for one page of search results.
PAGE = 5000
# Lists hold whole dashboards.
_LISTED = 200
_GONE = (404, 410)
_FOLDER = "grafana.app/folder"
_TYPES = {DASHBOARDS: "dash-db", FOLDERS: "dash-folder"}


def search(apis: Apis, tag: str = "") -> list[dict]:
    """Dashboards with a tag, or without one everything: each with uid, title, type, tags and, where it is in one, folderUid."""
    query = {"type": "dash-db", "tag": tag} if tag else {}
    try:
        return _found(apis, query)
    except GrafanaError as exc:
        if exc.status not in _GONE or not all(apis.stable(kind) for kind in _TYPES):
            raise
    hits = _listed(apis, DASHBOARDS) + ([] if tag else _listed(apis, FOLDERS))
    return [hit for hit in hits if not tag or tag in hit["tags"]]


def _found(apis: Apis, query: dict[str, str]) -> list[dict]:
    hits: list[dict] = []
    page = 1
    while True:
        answer = apis.grafana.get_list(path("search", limit=PAGE, page=page, **query), "uid", "title")
        hits += answer
        if len(answer) < PAGE:
            return hits
        page += 1


def _listed(apis: Apis, kind: Kind) -> list[dict]:
    hits: list[dict] = []
    more: dict[str, str] = {}
    while True:
        place = apis.place(kind, apis.stable(kind), limit=_LISTED, **more)
        answer = apis.grafana.get_object(place, "metadata", "items")
        hits += [_hit(apis, kind, item) for item in answer["items"]]
        token = answer["metadata"].get("continue")
        if not token:
            return hits
        more = {"continue": token}


def _hit(apis: Apis, kind: Kind, item: t.Any) -> dict:
    try:
        metadata, spec = item["metadata"], item["spec"]
        folder = (metadata.get("annotations") or {}).get(_FOLDER) or ""
        return {
            "uid": metadata["name"],
            # A dashboard that cannot be shown in this version has neither title nor tags here, so it counts as one of others.
            "title": spec.get("title") or metadata["name"],
            "type": _TYPES[kind],
            "tags": spec.get("tags") or [],
            "folderUid": folder,
        }
    except (KeyError, TypeError, AttributeError) as exc:
        raise GrafanaError(
            f"Grafana at {apis.grafana.url} lists {kind.plural} of {kind.group} without a name or a spec. Nothing was changed. "
            "Expected resources. Fix: look whether a proxy answers in Grafana's place."
        ) from exc
