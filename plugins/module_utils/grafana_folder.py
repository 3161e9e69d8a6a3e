# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of our dashboards and alert rules. A folder bears no mark, so what is in it decides."""

from __future__ import annotations

import time

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_apis import FOLDERS, Apis
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import GrafanaError, path
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_folder_api import (
    ClassicFolders,
    FolderResources,
    Found,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_search import search

_ELEMENTS = 100
# From 12 on Grafana counts by an index that follows changes some seconds later.
COUNT_SECONDS = 15
_PAUSE_SECONDS = 1


class Folder:
    """One folder of Grafana, by its uid."""

    def __init__(self, apis: Apis, uid: str) -> None:
        self.grafana = apis.grafana
        self.apis = apis
        self.uid = uid

    @property
    def _way(self) -> ClassicFolders | FolderResources:
        return FolderResources(self.apis) if self.apis.stable(FOLDERS) else ClassicFolders(self.grafana)

    def read(self) -> Found | None:
        """The folder as it is, or None."""
        return self._way.read(self.uid)

    def create(self, title: str) -> None:
        self._way.create(self.uid, title)

    def rename(self, found: Found, title: str) -> None:
        self._way.rename(self.uid, found, title)

    def refuse_foreign(self, found: Found, title: str, holds_ours: bool) -> None:
        """Another title is undone only where a dashboard of ours shows that the folder is ours."""
        if holds_ours:
            return
        raise GrafanaError(
            f"folder_uid: Grafana at {self.grafana.url} has the folder {self.uid!r} with another title ({found.title!r}), and "
            f"no dashboard of this owner in it. Expected {title!r}. Fix: set folder_title to {found.title!r} to use that "
            "folder, or choose another folder_uid."
        )

    def content(self, ours: set[str]) -> list[str]:
        """What is in it beside our dashboards, each in words; an error where that cannot be determined.

        Before 12 Grafana deletes a folder with all dashboards in it, so nothing found has to mean that nothing is there: the
        search has to list the folder itself and those of ours that are known to be in it.
        """
        end = time.monotonic() + COUNT_SECONDS
        while True:
            hits = search(self.apis)
            lacking = ({self.uid} | ours) - {hit["uid"] for hit in hits}
            if not lacking:
                break
            if time.monotonic() >= end:
                raise self._unknown(f"its search does not list {', '.join(sorted(lacking))}")
            time.sleep(_PAUSE_SECONDS)
        found = [
            f"{'folder' if hit.get('type') == 'dash-folder' else 'dashboard'} {hit['title']!r} ({hit['uid']})"
            for hit in hits
            if hit.get("folderUid") == self.uid and hit["uid"] not in ours
        ]
        rules = self.grafana.get_list(
            path("v1", "provisioning", "alert-rules"), "uid", "title", "folderUID", absent=(404,)
        )
        found += [
            f"alert rule {rule['title']!r} ({rule['uid']})" for rule in rules or [] if rule["folderUID"] == self.uid
        ]
        return found + self._library_panels()

    def _library_panels(self) -> list[str]:
        found: list[str] = []
        seen, page = 0, 1
        while True:
            answer = self.grafana.get_object(path("library-elements", perPage=_ELEMENTS, page=page), "result")["result"]
            elements, total = answer.get("elements"), answer.get("totalCount")
            if not isinstance(elements, list) or not isinstance(total, int):
                raise self._unknown("its library panels cannot be listed")
            found += [
                f"library panel {one['name']!r} ({one['uid']})" for one in elements if one.get("folderUid") == self.uid
            ]
            seen, page = seen + len(elements), page + 1
            if seen >= total:
                return found
            if not elements:
                raise self._unknown(f"it lists {seen} of {total} library panels")

    def counted(self) -> list[str]:
        """What Grafana's own count says is left in it, once our dashboards are gone."""
        end = time.monotonic() + COUNT_SECONDS
        while True:
            counts = self._way.counts(self.uid)
            if counts is None:
                # The lists are all there is.
                return []
            if not all(isinstance(number, int) for number in counts.values()):
                raise self._unknown("it does not count its content")
            found = [f"{number} of the kind {kind}" for kind, number in sorted(counts.items()) if number]
            if not found or time.monotonic() >= end:
                return found
            time.sleep(_PAUSE_SECONDS)

    def _unknown(self, why: str) -> GrafanaError:
        return GrafanaError(
            f"folder_uid: Grafana at {self.grafana.url} does not tell what is in the folder {self.uid!r}: {why}. The folder was "
            "not removed. Expected complete lists. Fix: look at the folder in Grafana, and run again or delete it there."
        )

    def delete(self, found: Found) -> None:
        self._way.delete(self.uid, found)
