# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dashboards as resources of the newer API: classic JSON as V1, and V2.

Sources: docs/sources/developer-resources/api-reference/http-api/dashboard.md and resource-history.md of 13.3, and
pkg/storage/unified/apistore of grafana/grafana, main branch (what an update and a deletion have to carry).
"""

from __future__ import annotations

import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_apis import (
    CLASSIC_JSON,
    DASHBOARDS,
    Apis,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import Grafana, GrafanaError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_dashboard import Dashboard

_OWN = "grafana.app/"
_FOLDER = f"{_OWN}folder"
_MESSAGE = f"{_OWN}message"
_MANAGER = f"{_OWN}managedBy"
# Parts of classic JSON that a resource has in its metadata.
_IN_METADATA = ("id", "uid", "version")


class Found(t.NamedTuple):
    """What Grafana has under a uid."""

    title: str
    tags: list[str]
    folder: str
    # Classic JSON, or the spec of a V2 resource.
    body: dict
    # Made by a file or a repository: the API does not change it.
    provisioned: bool = False
    # The whole resource, where it was read as one.
    resource: dict | None = None


def only_this(metadata: dict) -> dict:
    """What a deletion carries: Grafana deletes the version that was read, and no later one."""
    preconditions = {"resourceVersion": metadata["resourceVersion"]}
    return {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": preconditions}


def _others(values: t.Any) -> dict:
    """Labels or annotations of a definition without Grafana's own, which are of the Grafana it was exported from."""
    return {key: value for key, value in (values or {}).items() if not key.startswith(_OWN)}


class Resources:
    """The dashboards of one Grafana as resources."""

    def __init__(self, grafana: Grafana, apis: Apis) -> None:
        self.grafana = grafana
        self.apis = apis

    def version(self) -> str:
        """The stable version of dashboards; empty where there is none."""
        return self.apis.stable(DASHBOARDS)

    def read(self, uid: str, version: str = "") -> Found | None:
        """What Grafana has under a uid, or None."""
        version = version or self.version()
        found = self.grafana.get_object(self._place(version, uid), "metadata", "spec", absent=(404,))
        if found is None:
            return None
        stored = self._not_converted(found)
        if stored and stored != version:
            return self.read(uid, stored)
        metadata, spec = found["metadata"], found["spec"]
        if not isinstance(metadata, dict) or not isinstance(spec, dict) or not metadata.get("resourceVersion"):
            raise GrafanaError(
                f"Grafana at {self.grafana.url} does not show the dashboard {uid!r} as a resource: a metadata.resourceVersion and a spec "
                "were expected. It was not changed. Fix: look whether a proxy answers in Grafana's place."
            )
        annotations = metadata.get("annotations") or {}
        return Found(
            spec.get("title", uid),
            spec.get("tags") or [],
            annotations.get(_FOLDER, ""),
            spec,
            bool(annotations.get(_MANAGER)),
            found,
        )

    @staticmethod
    def _not_converted(found: dict) -> str:
        """The version it is stored in, where Grafana could not show it in the one that was asked for."""
        status = found.get("status")
        conversion = status.get("conversion") if isinstance(status, dict) else None
        if not isinstance(conversion, dict) or not conversion.get("failed"):
            return ""
        return str(conversion.get("storedVersion") or "").rpartition("/")[2]

    def _place(self, version: str, *uid: str, **query: t.Any) -> str:
        return self.apis.place(DASHBOARDS, version, *uid, **query)

    def newest_message(self, uid: str) -> str | None:
        """The message of the last save; empty for the first version; None if it is gone."""
        place = self._place(
            self.version(),
            labelSelector="grafana.app/get-history=true",
            fieldSelector=f"metadata.name={uid}",
            limit=1,
        )
        items = self.grafana.get_object(place, "items")["items"]
        if not isinstance(items, list) or not items or not isinstance(items[0], dict):
            return None
        metadata = items[0].get("metadata") or {}
        message = (metadata.get("annotations") or {}).get(_MESSAGE)
        return "" if metadata.get("generation") == 1 else message or "none"

    def save(self, dashboard: Dashboard, folder: str, message: str, current: Found | None) -> None:
        """Write a dashboard over what was read; its resourceVersion lets nobody else's change be lost."""
        version = dashboard.api_version.partition("/")[2] or self.version()
        before = ((current.resource if current else None) or {}).get("metadata") or {}
        metadata = {
            **before,
            "name": dashboard.uid,
            "labels": {**(before.get("labels") or {}), **_others(dashboard.metadata.get("labels"))},
            "annotations": {
                **(before.get("annotations") or {}),
                **_others(dashboard.metadata.get("annotations")),
                _FOLDER: folder,
                _MESSAGE: message,
            },
        }
        body = {"apiVersion": f"{DASHBOARDS.group}/{version}", "kind": "Dashboard", "metadata": metadata}
        # Classic JSON is taken as it is, as by the classic API; a V2 resource has a schema.
        query = {} if dashboard.api_version else {"fieldValidation": "Ignore"}
        if dashboard.api_version:
            body["spec"] = dashboard.body
        else:
            body["spec"] = {key: value for key, value in dashboard.body.items() if key not in _IN_METADATA}
        if current:
            self.grafana.request("PUT", self._place(version, dashboard.uid, **query), body)
        else:
            self.grafana.request("POST", self._place(version, **query), body)

    def delete(self, uid: str, found: Found) -> bool:
        """Delete what was read; False if somebody was faster."""
        metadata = (found.resource or {})["metadata"]
        place = self._place(self.version(), uid)
        return self.grafana.request("DELETE", place, only_this(metadata), absent=(404,)) is not None

    def takes_classic(self) -> bool:
        """True if classic JSON can be stored."""
        return self.version() == CLASSIC_JSON
