# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a folder is read, written and deleted: by the classic API, or as a resource of the newer one."""

from __future__ import annotations

import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_apis import FOLDERS, Apis
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import (
    Grafana,
    GrafanaError,
    path,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_dashboard_resources import only_this

# Without it only administrators see a folder that is made as a resource; the classic API sets these permissions by itself.
_PERMISSIONS = {"grafana.app/grant-permissions": "default"}


class Found(t.NamedTuple):
    """A folder as it is."""

    title: str
    # What a change has to carry, so that Grafana takes it only if nobody else was faster.
    stamp: t.Any


class ClassicFolders:
    """Below /api/folders."""

    def __init__(self, grafana: Grafana) -> None:
        self.grafana = grafana

    def read(self, uid: str) -> Found | None:
        found = self.grafana.get_object(path("folders", uid), "uid", "title", absent=(404,))
        return Found(found["title"], found.get("version")) if found else None

    def create(self, uid: str, title: str) -> None:
        self.grafana.request("POST", path("folders"), {"uid": uid, "title": title})

    def rename(self, uid: str, found: Found, title: str) -> None:
        self.grafana.request("PUT", path("folders", uid), {"title": title, "version": found.stamp})

    def counts(self, uid: str) -> dict[str, t.Any] | None:
        """How much of each kind is in it; None in Grafana 9, and in 10 without nested folders."""
        return self.grafana.get_object(path("folders", uid, "counts"), absent=(404,))

    def delete(self, uid: str, _found: Found) -> None:
        self.grafana.request("DELETE", path("folders", uid))


class FolderResources:
    """In /apis/folder.grafana.app (docs/sources/developer-resources/api-reference/http-api/folder.md of 13.3)."""

    def __init__(self, apis: Apis) -> None:
        self.grafana = apis.grafana
        self._apis = apis

    def _place(self, *name: str) -> str:
        return self._apis.place(FOLDERS, self._apis.stable(FOLDERS), *name)

    def read(self, uid: str) -> Found | None:
        found = self.grafana.get_object(self._place(uid), "metadata", "spec", absent=(404,))
        if found is None:
            return None
        metadata, spec = found["metadata"], found["spec"]
        if not isinstance(metadata, dict) or not isinstance(spec, dict) or not metadata.get("resourceVersion"):
            raise GrafanaError(
                f"folder_uid: Grafana at {self.grafana.url} does not show the folder {uid!r} as a resource. It was not changed. Expected "
                "a metadata.resourceVersion and a spec. Fix: look whether a proxy answers in Grafana's place."
            )
        return Found(str(spec.get("title")), metadata)

    def _body(self, metadata: dict, title: str) -> dict:
        version = f"{FOLDERS.group}/{self._apis.stable(FOLDERS)}"
        return {"apiVersion": version, "kind": "Folder", "metadata": metadata, "spec": {"title": title}}

    def create(self, uid: str, title: str) -> None:
        self.grafana.request("POST", self._place(), self._body({"name": uid, "annotations": _PERMISSIONS}, title))

    def rename(self, uid: str, found: Found, title: str) -> None:
        self.grafana.request("PUT", self._place(uid), self._body(found.stamp, title))

    def counts(self, uid: str) -> dict[str, t.Any] | None:
        """How much of each kind is in it, None for a kind that is not counted, and where Grafana does not count."""
        answer = self.grafana.get_object(self._place(uid, "counts"), "counts", absent=(404,))
        if answer is None:
            return None
        counts = answer["counts"]
        if not isinstance(counts, list) or not all(isinstance(one, dict) for one in counts):
            return {"unknown": None}
        return {f"{one.get('resource')} of {one.get('group')}": one.get("count") for one in counts}

    def delete(self, uid: str, found: Found) -> None:
        self.grafana.request("DELETE", self._place(uid), only_this(found.stamp))
