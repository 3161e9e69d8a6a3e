# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/api/dashboards and /api/search. Words: pkg/services/dashboards/errors.go; what 10.0.0 says was recorded."""

from __future__ import annotations

import re
import typing as t

from .answers import NOW, Answer, error, slug
from .folders import Folders
from .releases import Release

_MISSING = error(404, "Dashboard not found", traceID="")
_UID = re.compile(r"[A-Za-z0-9_-]+")
_CAN = dict.fromkeys(("canAdmin", "canDelete", "canEdit", "canSave", "canStar"), True)
_ANNOTATIONS = {
    scope: dict.fromkeys(("canAdd", "canDelete", "canEdit"), True) for scope in ("dashboard", "organization")
}
_PUBLIC = {"publicDashboardAccessToken": "", "publicDashboardUid": "", "publicDashboardEnabled": False}


class Stored(t.NamedTuple):
    """One dashboard: its newest body, its folder, and (version, message, body) of each save."""

    number: int
    body: dict
    folder: str
    history: list[tuple[int, str, dict]]
    provisioned: bool = False
    schema_v2: bool = False


class Dashboards:
    """The dashboards of one Grafana, by uid."""

    def __init__(self, release: Release, folders: Folders) -> None:
        self._release = release
        self._folders = folders
        folders.deleted = self._drop_folder
        folders.dashboards_in = lambda uid: sum(one.folder == uid for one in self.stored.values())
        self.stored: dict[str, Stored] = {}
        # With a frozen index the search goes on saying what it said then, as it may for seconds from 12 on.
        self._frozen: list[dict] | None = None

    def routes(self) -> list[tuple[str, str, t.Callable]]:
        """Method, path and handler."""
        return [
            ("GET", "/api/search", lambda request: self._search(request.query)),
            ("POST", "/api/dashboards/db", lambda request: self._save(request.body)),
            ("GET", "/api/dashboards/uid/([^/]+)", lambda request: self._read(request.names[0])),
            ("DELETE", "/api/dashboards/uid/([^/]+)", lambda request: self._delete(request.names[0])),
            ("GET", "/api/dashboards/uid/([^/]+)/versions", self._versions),
        ]

    def edit(self, uid: str, **more: t.Any) -> None:
        """Somebody changes a dashboard on Grafana's pages. From 13 on that may leave it in the v2 schema."""
        dashboard = self.stored[uid]
        self.keep(uid, {**dashboard.body, **more}, dashboard.folder, "")

    def convert(self, uid: str) -> None:
        """Somebody saves a dashboard in the v2 schema."""
        assert self._release.schema_v2
        self.edit(uid)
        self.stored[uid] = self.stored[uid]._replace(schema_v2=True)

    def provision(self, uid: str, **more: t.Any) -> None:
        """A dashboard as a provisioning file makes it."""
        self.keep(uid, {"uid": uid, "title": uid, "tags": [], **more}, "", "")
        self.stored[uid] = self.stored[uid]._replace(provisioned=True)

    def keep_v2(self, uid: str, spec: dict, folder: str, message: str) -> None:
        """Store a dashboard in the v2 schema, as the newer API does."""
        self.keep(uid, spec, folder, message)
        self.stored[uid] = self.stored[uid]._replace(schema_v2=True)

    def freeze_index(self) -> None:
        """From now on the search does not follow."""
        assert self._release.indexed_search
        self._frozen = self._hits()

    def _drop_folder(self, uid: str) -> None:
        # What is in a folder goes with it.
        self.stored = {key: value for key, value in self.stored.items() if value.folder != uid}

    def _hits(self) -> list[dict]:
        hits = []
        for uid, dashboard in self.stored.items():
            address = slug(dashboard.body["title"])
            hit = {
                "id": dashboard.number,
                "uid": uid,
                "title": dashboard.body["title"],
                "uri": f"db/{address}",
                "url": f"/d/{uid}/{address}",
                "slug": "",
                "type": "dash-db",
                "tags": dashboard.body.get("tags") or [],
                "isStarred": False,
                "sortMeta": 0,
            }
            folder = self._folders.stored.get(dashboard.folder)
            if self._release.as_12:
                hit.update(orgId=1, isDeleted=False)
            if folder:
                hit.update(
                    folderId=folder["id"], folderUid=folder["uid"], folderTitle=folder["title"], folderUrl=folder["url"]
                )
            hits.append(hit)
        return hits

    def _search(self, query: dict[str, list[str]]) -> Answer:
        hits = self._hits() if self._frozen is None else self._frozen
        if "type" not in query:
            hits = hits + [
                {"uid": folder["uid"], "title": folder["title"], "type": "dash-folder", "tags": []}
                for folder in self._folders.stored.values()
            ]
        # Each tag has to be there. limit is 5000 at most: pkg/services/search/service.go.
        hits = [hit for hit in hits if set(query.get("tag", [])) <= set(hit["tags"])]
        limit = min(int(query.get("limit", ["1000"])[0]), 5000)
        start = (int(query.get("page", ["1"])[0]) - 1) * limit
        return Answer(200, hits[start : start + limit])

    def _read(self, uid: str) -> Answer:
        if uid not in self.stored:
            return _MISSING
        dashboard = self.stored[uid]
        if dashboard.schema_v2:
            address = f"/apis/dashboard.grafana.app/v2/namespaces/default/dashboards/{uid}"
            return error(406, f"dashboard api version not supported, use {address} instead")
        folder = self._folders.stored.get(dashboard.folder, {"id": 0, "uid": "", "title": "General", "url": ""})
        meta = {
            **_CAN,
            **({"apiVersion": "v0alpha1"} if self._release.as_12 else _PUBLIC),
            "annotationsPermissions": _ANNOTATIONS,
            **dict.fromkeys(("created", "updated", "expires"), NOW),
            **dict.fromkeys(("createdBy", "updatedBy"), "admin"),
            "folderId": folder["id"],
            "folderUid": folder["uid"],
            "folderTitle": folder["title"],
            "folderUrl": folder["url"],
            "hasAcl": False,
            "isFolder": False,
            "provisioned": dashboard.provisioned,
            "provisionedExternalId": "",
            "slug": slug(dashboard.body["title"]),
            "type": "db",
            "url": f"/d/{uid}",
            "version": dashboard.history[-1][0],
        }
        return Answer(200, {"dashboard": dashboard.body, "meta": meta})

    def _refusal(self, body: dict, command: dict) -> Answer | None:
        uid, title = body.get("uid") or "", body.get("title")
        if not title:
            return error(400, "Dashboard title cannot be empty", status="empty-name")
        if len(uid) > 40:
            return error(400, "uid too long, max 40 characters")
        if not _UID.fullmatch(uid):
            return error(400, "uid contains illegal characters")
        if command.get("folderUid") and command["folderUid"] not in self._folders.stored:
            return error(400, "folder not found" if self._release.as_12 else "Folder not found", traceID="")
        before = self.stored.get(uid)
        if before and before.provisioned:
            return error(400, "Cannot save provisioned dashboard")
        if before and not command.get("overwrite") and body.get("version") != before.history[-1][0]:
            return error(412, "The dashboard has been changed by someone else", status="version-mismatch")
        if self._release.unique_titles and not command.get("overwrite") and self._namesake(uid, title, command):
            text = "A dashboard with the same name in the folder already exists"
            return error(412, text, status="name-exists")
        return None

    def _namesake(self, uid: str, title: str, command: dict) -> bool:
        return any(
            key != uid and value.folder == command.get("folderUid", "") and value.body["title"] == title
            for key, value in self.stored.items()
        )

    def _save(self, command: dict) -> Answer:
        body = command["dashboard"]
        refused = self._refusal(body, command)
        if refused:
            return refused
        folder = command.get("folderUid") or ""
        if not folder and command.get("folderId") and self._release.folder_ids:
            numbers = {item["id"]: uid for uid, item in self._folders.stored.items()}
            folder = numbers.get(command["folderId"], "")
        self.keep(body["uid"], body, folder, command.get("message") or "")
        dashboard = self.stored[body["uid"]]
        answer = {
            "id": dashboard.number,
            "uid": body["uid"],
            "slug": slug(body["title"]),
            "status": "success",
            "url": f"/d/{body['uid']}",
            "version": dashboard.history[-1][0],
            **({"folderUid": dashboard.folder} if self._release.as_12 else {}),
        }
        return Answer(200, answer)

    def keep(self, uid: str, body: dict, folder: str, message: str) -> None:
        """Store a dashboard as classic JSON."""
        before = self.stored.get(uid)
        number = before.number if before else len(self.stored) + 1
        body = {**body, "id": number if before else None}
        history = before.history if before else []
        version = history[-1][0] + 1 if history else 1
        # The first save goes by the name Grafana gives it.
        kept = {key: value for key, value in body.items() if key != "id"} if before and self._release.as_12 else body
        saved = (version, message if history else "Initial save", {**kept, "version": version})
        self.stored[uid] = Stored(number, {**body, "id": number, "version": version}, folder, [*history, saved])

    def _versions(self, request: t.Any) -> Answer:
        uid = request.names[0]
        if uid not in self.stored:
            return _MISSING
        dashboard = self.stored[uid]
        versions = [
            {
                "id": number,
                "dashboardId": dashboard.number,
                "uid": uid,
                "parentVersion": number - 1,
                "restoredFrom": 0,
                "version": number,
                "created": NOW,
                "createdBy": "admin",
                "message": message,
                "data": body,
            }
            for number, message, body in reversed(dashboard.history)
        ][: int(request.query.get("limit", ["1000"])[0])]
        return Answer(
            200, {"continueToken": "", "versions": versions} if self._release.versions_in_object else versions
        )

    def _delete(self, uid: str) -> Answer:
        if uid not in self.stored:
            return _MISSING
        if self.stored[uid].provisioned:
            return error(400, "provisioned dashboard cannot be deleted")
        dashboard = self.stored.pop(uid)
        title = dashboard.body["title"]
        named = {"uid": uid} if self._release.as_12 else {"id": dashboard.number}
        return Answer(200, {**named, "message": f"Dashboard {title} deleted", "title": title})
