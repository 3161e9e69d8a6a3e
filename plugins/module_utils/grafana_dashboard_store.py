# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads, saves and deletes dashboards: classic ones by /api, V2 resources by /apis, which Grafana has from 12 on."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import (
    Grafana,
    GrafanaError,
    apis_path,
    path,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_dashboard import Dashboard
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_exports import DefinitionError

_GROUP = "dashboard.grafana.app"
_FOLDER = "grafana.app/folder"
_MESSAGE = "grafana.app/message"
_MANAGER = "grafana.app/managedBy"
# Grafana's upper limit for one page of search results.
PAGE = 5000
# Its status for a dashboard that is stored in schema v2 (12 and newer).
_OTHER_SCHEMA = 406
# Its status for a dashboard whose stored version is another than the one that was sent.
_OTHER_VERSION = 412
_TRIES = 10
PAUSE_SECONDS = 0.2


class Found(t.NamedTuple):
    """What Grafana has under a uid."""

    title: str
    tags: list[str]
    folder: str
    # Classic JSON, or the spec of a V2 resource.
    body: dict
    # Made by a file or a repository: the API does not change it.
    provisioned: bool = False
    # The whole V2 resource.
    resource: dict | None = None


def search(grafana: Grafana, **query: t.Any) -> list[dict]:
    """All hits, page by page."""
    hits: list[dict] = []
    page = 1
    while True:
        answer = grafana.get_list(path("search", limit=PAGE, page=page, **query), "uid", "title")
        hits += answer
        if len(answer) < PAGE:
            return hits
        page += 1


class Store:
    """The dashboards of one Grafana."""

    def __init__(self, grafana: Grafana) -> None:
        self.grafana = grafana
        self._versions: list[str] | None = None
        self._space = ""

    def versions(self) -> list[str]:
        """The versions of the newer API, such as v1beta1 and v2; none where Grafana is older than 12."""
        if self._versions is None:
            found = self.grafana.get_object(apis_path(_GROUP), "versions", absent=(404,))
            self._versions = [one["version"] for one in found["versions"]] if found else []
        return self._versions

    def refuse_unstorable(self, dashboard: Dashboard) -> None:
        """A V2 resource that this Grafana does not store is refused, with what helps there."""
        version = dashboard.api_version.partition("/")[2]
        if not version or version in self.versions():
            return
        known = ", ".join(one for one in self.versions() if one.startswith("v2"))
        fix = f"declare one of {known}" if known else "declare the V1 form"
        raise DefinitionError(
            f"dashboard {dashboard.title!r} ({dashboard.uid}): the schema is not stored by Grafana at {self.grafana.url} "
            f"({dashboard.api_version}). Expected {known or 'classic JSON or a V1 resource'}. Fix: {fix}; the Grafana it comes "
            f"from gives it at /apis/{_GROUP}/VERSION/namespaces/default/dashboards/{dashboard.uid}, with "
            f"{'that' if known else 'v1 or v1beta1'} for VERSION."
        )

    def _place(self, version: str, *uid: str) -> str:
        if not self._space:
            settings = self.grafana.get_object(path("frontend", "settings"))
            self._space = str(settings.get("namespace") or "default")
        return apis_path(_GROUP, version, "namespaces", self._space, "dashboards", *uid)

    def read(self, uid: str, api_version: str = "") -> Found | None:
        """What Grafana has under a uid, or None."""
        if api_version:
            return self._read_resource(uid, api_version.partition("/")[2])
        try:
            found = self.grafana.get_object(path("dashboards", "uid", uid), "dashboard", "meta", absent=(404,))
        except GrafanaError as exc:
            if exc.status != _OTHER_SCHEMA:
                raise
            # Somebody has saved it in schema V2, which this part of the API does not show.
            version = next((one for one in reversed(self.versions()) if one.startswith("v2")), "")
            if not version:
                raise
            return self._read_resource(uid, version)
        if found is None:
            return None
        body, meta = found["dashboard"], found["meta"]
        folder = meta.get("folderUid") or ""
        return Found(
            body.get("title", uid), body.get("tags") or [], folder, body, bool(meta.get("provisioned")), resource=None
        )

    def _read_resource(self, uid: str, version: str) -> Found | None:
        found = self.grafana.get_object(self._place(version, uid), "metadata", "spec", absent=(404,))
        if found is None:
            return None
        spec, annotations = found["spec"], found["metadata"].get("annotations") or {}
        return Found(
            spec.get("title", uid),
            spec.get("tags") or [],
            annotations.get(_FOLDER, ""),
            spec,
            bool(annotations.get(_MANAGER)),
            found,
        )

    def newest_message(self, uid: str) -> str | None:
        """The message of the last save; empty for the first version, whose message is Grafana's own; None if it is gone."""
        answer = self.grafana.request("GET", path("dashboards", "uid", uid, "versions", limit=1), absent=(404,))
        if answer is None:
            return None
        versions = answer.get("versions", []) if isinstance(answer, dict) else answer
        if not versions:
            return None
        return "" if versions[0].get("version") == 1 else versions[0].get("message") or "none"

    def save(self, dashboard: Dashboard, folder: str, message: str, current: Found | None) -> None:
        """Write a dashboard over what was read."""
        try:
            if dashboard.api_version:
                self._save_resource(dashboard, folder, message, current)
            else:
                self._save_classic(dashboard, folder, message, current)
        except GrafanaError as exc:
            raise GrafanaError(
                f"dashboard {dashboard.title!r} ({dashboard.uid}) was not saved: {exc}", exc.status
            ) from exc

    def _save_resource(self, dashboard: Dashboard, folder: str, message: str, current: Found | None) -> None:
        before = (current.resource or {}).get("metadata", {}) if current else {}
        annotations = {**(before.get("annotations") or {}), **dashboard.metadata.get("annotations", {})}
        metadata = {
            **before,
            "name": dashboard.uid,
            "labels": {**(before.get("labels") or {}), **dashboard.metadata.get("labels", {})},
            "annotations": {**annotations, _FOLDER: folder, _MESSAGE: message},
        }
        body = {"apiVersion": dashboard.api_version, "kind": "Dashboard", "metadata": metadata, "spec": dashboard.body}
        version = dashboard.api_version.partition("/")[2]
        # The resourceVersion of what was read lets nobody else's change be lost.
        if current:
            self.grafana.request("PUT", self._place(version, dashboard.uid), body)
        else:
            self.grafana.request("POST", self._place(version), body)

    def _save_classic(self, dashboard: Dashboard, folder: str, message: str, current: Found | None) -> None:
        body = {**dashboard.body, "id": None}
        if current:
            body["version"] = current.body.get("version")
        # Not "overwrite" if it can be helped: before 11.3 it replaces a namesake of another uid. The version lets only
        # our own through. A dashboard in schema V2 shows no version, but then Grafana is a newer one.
        payload = {
            "dashboard": body,
            "folderUid": folder,
            "message": message,
            "overwrite": bool(current and current.resource),
        }
        self.post(dashboard.uid, payload)

    def post(self, uid: str, payload: dict) -> None:
        """Save a dashboard, once more where Grafana took its own locked database for another's change.

        It counts the version up before it writes. Where SQLite is busy then, it tries again with that version and finds
        that it is not the stored one (saveDashboard in pkg/services/dashboards/database/database.go).
        """
        version = payload["dashboard"].get("version")
        for left in reversed(range(_TRIES)):
            try:
                self.grafana.request("POST", path("dashboards", "db"), payload)
                return
            except GrafanaError as exc:
                if exc.status != _OTHER_VERSION or not left or version is None:
                    raise
                current = self.read(uid)
                if current is None or current.body.get("version") != version:
                    raise
            time.sleep(PAUSE_SECONDS)

    def delete(self, uid: str) -> bool:
        """Delete a dashboard; False if somebody was faster."""
        return self.grafana.request("DELETE", path("dashboards", "uid", uid), absent=(404,)) is not None
