# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/api/folders. Statuses and words: pkg/api/folder.go and pkg/api/apierrors/folder.go; those of 10.0.0 were recorded."""

from __future__ import annotations

import typing as t

from .answers import NOW, Answer, error, slug
from .releases import Release

_MISSING = error(404, "folder not found", status="not-found")
_CHANGED = error(412, "the folder has been changed by someone else", status="version-mismatch")
# The same in 12.4.0, for a folder that exists and for one that was changed.
_EXISTS_12 = error(412, "the folder has been changed by someone else")
_CHANGED_12 = error(412, "The dashboard has been changed by someone else")


class Folders:
    """The folders of one Grafana, by uid."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self.stored: dict[str, dict] = {}
        # uids of folders that only administrators see.
        self.restricted: set[str] = set()
        # Library panels by uid, each with its folder's uid.
        self.library: dict[str, dict] = {}
        # How many dashboards are in a folder; set by those that have them.
        self.dashboards_in: t.Callable[[str], int] = lambda uid: 0
        # Whether something keeps a folder, and what goes with it; set by those whose things are in folders.
        self.kept_by: t.Callable[[str], bool] = lambda uid: False
        self.deleted: t.Callable[[str], None] = lambda uid: None

    def routes(self) -> list[tuple[str, str, t.Callable]]:
        """Method, path and handler."""
        return [
            ("GET", "/api/folders", lambda request: Answer(200, [*self.stored.values()])),
            ("POST", "/api/folders", lambda request: self._create(request.body)),
            ("GET", "/api/folders/([^/]+)", lambda request: self._read(request.names[0])),
            ("PUT", "/api/folders/([^/]+)", lambda request: self._rename(request.names[0], request.body)),
            ("DELETE", "/api/folders/([^/]+)", lambda request: self._delete(request.names[0])),
            ("GET", "/api/library-elements", lambda request: self._library(request.query)),
            ("GET", "/api/library-elements/([^/]+)", lambda request: self._library_panel(request.names[0])),
            *([("GET", "/api/folders/([^/]+)/counts", self._counts)] if self._release.folder_counts else []),
        ]

    def _library(self, query: dict[str, list[str]]) -> Answer:
        """pkg/services/libraryelements: a page of them, and how many there are in all."""
        size, page = int(query.get("perPage", ["100"])[0]), int(query.get("page", ["1"])[0])
        found = [*self.library.values()][(page - 1) * size : page * size]
        return Answer(
            200, {"result": {"totalCount": len(self.library), "elements": found, "page": page, "perPage": size}}
        )

    def _library_panel(self, uid: str) -> Answer:
        found = self.library.get(uid)
        return Answer(200, {"result": found}) if found else error(404, "library element could not be found")

    def _counts(self, request: t.Any) -> Answer:
        uid = request.names[0]
        panels = sum(one["folderUid"] == uid for one in self.library.values())
        counts = {"dashboard": self.dashboards_in(uid), "folder": 0, "librarypanel": panels}
        return Answer(200, {**counts, "alertrule": int(self.kept_by(uid))}) if uid in self.stored else _MISSING

    def _read(self, uid: str) -> Answer:
        return Answer(200, self.stored[uid]) if uid in self.stored else _MISSING

    def _create(self, body: dict) -> Answer:
        if not body.get("title"):
            return error(400, "folder title cannot be empty")
        uid = body.get("uid") or f"folder-{len(self.stored)}"
        if uid in self.stored:
            return _EXISTS_12 if self._release.as_12 else _CHANGED
        self.make(uid, body["title"])
        return Answer(200, self.stored[uid])

    def make(self, uid: str, title: str) -> None:
        """Store a new folder."""
        self.stored[uid] = {
            "id": len(self.stored) + 1000,
            "uid": uid,
            "title": title,
            "url": f"/dashboards/f/{uid}/{slug(title)}",
            "hasAcl": False,
            **dict.fromkeys(("canAdmin", "canDelete", "canEdit", "canSave"), True),
            **dict.fromkeys(("created", "updated"), NOW),
            **dict.fromkeys(("createdBy", "updatedBy"), "admin"),
            "version": 1,
            **({"orgId": 1} if self._release.as_12 else {}),
        }

    def _rename(self, uid: str, body: dict) -> Answer:
        if uid not in self.stored:
            return _MISSING
        folder = self.stored[uid]
        if body.get("version") != folder["version"] and not body.get("overwrite"):
            return _CHANGED_12 if self._release.as_12 else _CHANGED
        folder.update(title=body["title"], version=folder["version"] + 1)
        return Answer(200, folder)

    def _delete(self, uid: str) -> Answer:
        if uid not in self.stored:
            return _MISSING
        if self._release.full_folders_stay and (self.kept_by(uid) or self.dashboards_in(uid)):
            return error(
                400, "Folder cannot be deleted: folder is not empty", messageId="folder.not-empty", statusCode=400
            )
        if self.kept_by(uid):
            return error(400, "folder cannot be deleted: folder contains alert rules")
        self.deleted(uid)
        del self.stored[uid]
        return Answer(200)
