# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/apis/folder.grafana.app. Sources: docs/sources/developer-resources/api-reference/http-api/folder.md of 13.3, and
pkg/registry/apis/folders (validate.go, sub_count.go) of grafana/grafana, main branch."""

from __future__ import annotations

import typing as t

from .answers import Answer
from .apis import FOLDERS, another_version, status
from .folders import Folders
from .releases import Release

_PERMISSIONS = "grafana.app/grant-permissions"


class ApiFolders:
    """The folders of one Grafana as resources."""

    def __init__(self, release: Release, folders: Folders) -> None:
        self._release = release
        self._folders = folders

    def routes(self) -> list[tuple[str, str, t.Callable]]:
        """Method, path and handler."""
        known = "|".join(self._release.folder_versions) or "none"
        collection = f"/apis/{FOLDERS}/({known})/namespaces/default/folders"
        return [
            ("GET", collection, lambda request: self._list()),
            ("GET", collection + "/([^/]+)", lambda request: self._known(request, lambda name: self._resource(name))),
            ("GET", collection + "/([^/]+)/counts", lambda request: self._known(request, self._counts)),
            ("POST", collection, self._create),
            ("PUT", collection + "/([^/]+)", self._update),
            ("DELETE", collection + "/([^/]+)", self._delete),
        ]

    def _known(self, request: t.Any, found: t.Callable[[str], dict]) -> Answer:
        name = request.names[1]
        if name not in self._folders.stored:
            return status(404, "NotFound", f'folders.{FOLDERS} "{name}" not found')
        return Answer(200, found(name))

    def _list(self) -> Answer:
        items = [self._resource(name) for name in self._folders.stored]
        return Answer(200, {"kind": "FolderList", "metadata": {}, "items": items})

    def _resource(self, name: str) -> dict:
        stored = self._folders.stored[name]
        metadata = {"name": name, "namespace": "default", "uid": f"id-{name}", "generation": stored["version"]}
        metadata["resourceVersion"] = str(2000 + stored["version"])
        metadata["annotations"] = {"grafana.app/createdBy": "user:1"}
        version = f"{FOLDERS}/{self._release.folder_versions[0]}"
        return {"kind": "Folder", "apiVersion": version, "metadata": metadata, "spec": {"title": stored["title"]}}

    def _counts(self, name: str) -> dict:
        panels = sum(one["folderUid"] == name for one in self._folders.library.values())
        counts = [
            ("folder.grafana.app", "folders", 0),
            ("dashboard.grafana.app", "dashboards", self._folders.dashboards_in(name)),
            ("dashboard.grafana.app", "librarypanels", panels),
            ("rules.alerting.grafana.app", "alertrules", int(self._folders.kept_by(name))),
        ]
        found = [{"group": group, "resource": kind, "count": number} for group, kind, number in counts]
        return {"kind": "DescendantCounts", "counts": found}

    def _create(self, request: t.Any) -> Answer:
        metadata, title = request.body["metadata"], request.body["spec"].get("title")
        name = metadata["name"]
        if metadata.get("resourceVersion"):
            return status(400, "BadRequest", "resourceVersion should not be set on objects to be created")
        if name in self._folders.stored:
            return status(409, "AlreadyExists", f'folders.{FOLDERS} "{name}" already exists')
        if not title:
            return status(400, "BadRequest", "folder title cannot be empty")
        self._folders.make(name, title)
        if (metadata.get("annotations") or {}).get(_PERMISSIONS) != "default":
            # pkg/storage/unified/apistore/prepare.go: else nobody but administrators and its maker sees it.
            self._folders.restricted.add(name)
        return Answer(201, self._resource(name))

    def _update(self, request: t.Any) -> Answer:
        before = self._known(request, lambda name: self._resource(name))
        if before.status != 200:
            return before
        name = request.names[1]
        refused = another_version(request.body["metadata"], before.body["metadata"], f'folders.{FOLDERS} "{name}"')
        if refused:
            return refused
        stored = self._folders.stored[name]
        stored.update(title=request.body["spec"]["title"], version=stored["version"] + 1)
        return Answer(200, self._resource(name))

    def _delete(self, request: t.Any) -> Answer:
        before = self._known(request, lambda name: self._resource(name))
        if before.status != 200:
            return before
        name = request.names[1]
        refused = another_version(request.body, before.body["metadata"], f'folders.{FOLDERS} "{name}"')
        if refused:
            return refused
        # Library panels do not keep it.
        if self._folders.kept_by(name) or self._folders.dashboards_in(name):
            return status(400, "BadRequest", "Folder cannot be deleted: folder is not empty")
        del self._folders.stored[name]
        return Answer(200, before.body)
