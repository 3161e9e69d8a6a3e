# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings a folder and its dashboards to the declared state; docs/safety.md has the evidence that each step needs."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_dashboard as boards
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_exports as exports
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_alert_rules import holds
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import (
    Grafana,
    GrafanaError,
    path,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_dashboard_resources import Found
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_dashboard_store import Store
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_folder import Folder
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_search import search

# Panels of old Grafanas, which newer ones show with another plugin.
_REPLACED_PLUGINS = {"graph", "singlestat", "table-old", "grafana-piechart-panel", "grafana-worldmap-panel"}


def definitions_of(entries: list) -> list:
    """The dashboards, of which some are paths of files."""
    found = []
    for entry in entries:
        if not isinstance(entry, str):
            found.append(entry)
            continue
        try:
            with open(entry, encoding="utf-8") as file:
                found.append(json.load(file))
        except (OSError, ValueError) as exc:
            raise exports.DefinitionError(f"dashboard file {entry!r} cannot be used: {exc}") from exc
    return found


def no_result(folder: str) -> dict[str, t.Any]:
    """What the module returns where it has done nothing to dashboards."""
    return {"folder": folder, "content": [], "created": [], "updated": [], "unchanged": [], "removed": []}


class Writer:
    """In check mode it only finds out."""

    def __init__(self, grafana: Grafana, params: dict[str, t.Any], check_mode: bool) -> None:
        self.grafana = grafana
        self.store = Store(grafana)
        self.folder = Folder(self.store.apis, params["folder_uid"])
        self.folder_title = params["folder_title"] or params["folder_uid"]
        self.owner = params["owner"]
        self.overwrite = params["overwrite"]
        self.restore_edits = params["restore_edits"]
        self.check_mode = check_mode
        self.result = no_result("unchanged")
        self.diff: list[dict] = []
        self.warnings: list[str] = []

    def present(self, dashboards: list[boards.Dashboard], purge: bool) -> None:
        """All reading and refusing comes before the first change."""
        hits = search(self.store.apis, self.owner)
        seen = {hit["uid"]: hit for hit in hits}
        self._refuse_unusable(dashboards)
        writes = [
            write for write in (self._compare(dashboard, seen.get(dashboard.uid)) for dashboard in dashboards) if write
        ]
        gone = self._ours(boards.stale(hits, dashboards, self.owner)) if purge else {}
        self._have_folder(hits, [current for _dashboard, current in writes if current])
        for dashboard, current in writes:
            self._write(dashboard, current)
        self._remove(gone)

    def absent(self) -> None:
        """Our dashboards go, and then the folder if nothing is in it."""
        hits = search(self.store.apis, self.owner)
        gone = self._ours(boards.stale(hits, [], self.owner))
        folder = self.folder.read()
        if folder is None:
            self._remove(gone)
            self.result["folder"] = "absent"
            return
        content = self.folder.content({uid for uid, found in gone.items() if found.folder == self.folder.uid})
        self._remove(gone)
        if not content and not self.check_mode:
            content = self.folder.counted()
        self.result.update(folder="kept" if content else "removed", content=content)
        if content:
            self.warnings.append(
                f"the folder {folder.title!r} ({self.folder.uid}) of Grafana at {self.grafana.url} was kept: others have "
                f"something in it: {', '.join(content)}. Move or delete that, and run again to remove the folder."
            )
        elif not self.check_mode:
            self.folder.delete(folder)

    def _refuse_unusable(self, dashboards: list[boards.Dashboard]) -> None:
        for dashboard in dashboards:
            self.store.refuse_unstorable(dashboard)
            for uid in exports.library_panels(dashboard.body):
                if self.grafana.request("GET", path("library-elements", uid), absent=(404,)) is None:
                    raise exports.DefinitionError(
                        f"dashboard {dashboard.title!r} shows the library panel {uid!r}, which Grafana at {self.grafana.url} "
                        "lacks and the JSON does not hold. Fix: export it for sharing with other Grafanas, or make the panel."
                    )
            if dashboard.folder and dashboard.folder != self.folder.uid:
                self.warnings.append(
                    f"dashboard {dashboard.title!r} was exported from the folder {dashboard.folder!r} and goes into "
                    f"{self.folder.uid!r}"
                )
        self._warn_of_plugins(dashboards)

    def _warn_of_plugins(self, dashboards: list[boards.Dashboard]) -> None:
        wanted = {plugin for dashboard in dashboards for plugin in dashboard.plugins} - _REPLACED_PLUGINS
        panels = self.store.apis.settings().get("panels") if wanted else None
        if not isinstance(panels, dict) or not panels:
            return
        for dashboard in dashboards:
            lacking = sorted(set(dashboard.plugins) & wanted - set(panels))
            if lacking:
                self.warnings.append(
                    f"dashboard {dashboard.title!r} needs the panel plugin {', '.join(lacking)}, which Grafana at "
                    f"{self.grafana.url} lacks: install it, or these panels stay empty"
                )

    def _compare(self, dashboard: boards.Dashboard, hit: dict | None) -> tuple[boards.Dashboard, Found | None] | None:
        """The dashboard and what Grafana has under its uid, or None if nothing is to be written."""
        listed = bool(hit) and self._is_current(dashboard, hit.get("tags"), hit.get("folderUid"))
        if listed and self._is_unedited(dashboard):
            self.result["unchanged"].append(dashboard.uid)
            return None
        # The search index of newer versions lags behind, so the dashboard itself has the last word.
        current = self.store.read(dashboard.uid, dashboard.api_version)
        if current is None:
            self.result["created"].append(dashboard.uid)
            return dashboard, None
        self._refuse_foreign(dashboard, current)
        if not listed and self._is_current(dashboard, current.tags, current.folder):
            self.result["unchanged"].append(dashboard.uid)
            return None
        self.result["updated"].append(dashboard.uid)
        return dashboard, current

    def _is_current(self, dashboard: boards.Dashboard, tags: list[str] | None, folder_uid: str | None) -> bool:
        return dashboard.mark in (tags or []) and folder_uid == self.folder.uid

    def _is_unedited(self, dashboard: boards.Dashboard) -> bool:
        # An edit in Grafana keeps the tags, but not the message of the save. It may be missing already where the search
        # index lags behind.
        if not self.restore_edits:
            return True
        if dashboard.api_version:
            current = self.store.read(dashboard.uid, dashboard.api_version)
            return current is not None and holds(current.body, dashboard.body)
        message = self.store.newest_message(dashboard.uid)
        return message is not None and (message == "" or dashboard.mark in message)

    def _refuse_foreign(self, dashboard: boards.Dashboard, current: Found) -> None:
        if current.provisioned:
            raise GrafanaError(
                f"dashboard {dashboard.uid!r} comes from a provisioning file of Grafana at {self.grafana.url}, "
                "so the API cannot change it. Remove it there, or give the declared one another uid."
            )
        if not self.overwrite and self.owner not in current.tags:
            raise GrafanaError(
                f"Grafana at {self.grafana.url} already has a dashboard with the uid {dashboard.uid!r} ({current.title!r}) "
                f"that does not carry the tag {self.owner!r}. Give the declared one another uid, or set "
                "overwrite to true to replace it."
            )

    def _have_folder(self, hits: list[dict], read: list[Found]) -> None:
        folder = self.folder.read()
        if folder and folder.title == self.folder_title:
            return
        if folder:
            ours = any(
                hit.get("folderUid") == self.folder.uid
                and boards.is_ours(hit["uid"], hit.get("tags") or [], self.owner)
                for hit in hits
            )
            written = any(found.folder == self.folder.uid and self.owner in found.tags for found in read)
            self.folder.refuse_foreign(folder, self.folder_title, ours or written)
        self.result["folder"] = "renamed" if folder else "created"
        before = {"uid": self.folder.uid, "title": folder.title} if folder else {}
        self._show("folder", before, {"uid": self.folder.uid, "title": self.folder_title})
        if self.check_mode:
            return
        if folder:
            self.folder.rename(folder, self.folder_title)
        else:
            self.folder.create(self.folder_title)

    def _write(self, dashboard: boards.Dashboard, current: Found | None) -> None:
        self._show(f"dashboard {dashboard.uid}", boards.content(current and current.body), dashboard.body)
        if not self.check_mode:
            self.store.save(dashboard, self.folder.uid, f"{self.owner}: {dashboard.mark}", current)

    def _ours(self, uids: list[str]) -> dict[str, Found]:
        """Those that are ours by what they say themselves: the search may know what was true some time ago."""
        found = {uid: self.store.read(uid) for uid in uids}
        return {
            uid: one
            for uid, one in found.items()
            if one and not one.provisioned and boards.is_ours(uid, one.tags, self.owner)
        }

    def _remove(self, gone: dict[str, Found]) -> None:
        for uid, found in gone.items():
            if not self.check_mode and not self.store.delete(uid, found):
                continue
            self.result["removed"].append(uid)
            self._show(f"dashboard {uid}", {"title": found.title}, {})

    def _show(self, header: str, before: dict, after: dict) -> None:
        self.diff.append({"before_header": header, "after_header": header, "before": before, "after": after})
