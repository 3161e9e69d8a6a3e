# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dashboards by the classic API, which every release up to 13 has."""

from __future__ import annotations

import time

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import (
    Grafana,
    GrafanaError,
    path,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_dashboard import Dashboard
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_dashboard_resources import Found

# Its status for a dashboard that is stored in schema V2 (12 and newer).
OTHER_SCHEMA = 406
# Its status for a dashboard whose stored version is another than the one that was sent.
_OTHER_VERSION = 412
_TRIES = 10
PAUSE_SECONDS = 0.2


class Classic:
    """The dashboards of one Grafana below /api/dashboards."""

    def __init__(self, grafana: Grafana) -> None:
        self.grafana = grafana

    def read(self, uid: str) -> Found | None:
        """What Grafana has under a uid, or None."""
        found = self.grafana.get_object(path("dashboards", "uid", uid), "dashboard", "meta", absent=(404,))
        if found is None:
            return None
        body, meta = found["dashboard"], found["meta"]
        folder = meta.get("folderUid") or ""
        return Found(body.get("title", uid), body.get("tags") or [], folder, body, bool(meta.get("provisioned")))

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
