# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/apis: which groups and versions there are, and how the newer API answers.

Sources: docs/sources/developer-resources/api-reference/http-api/apis.md of 12.4 and 13.3; pkg/apiserver/endpoints of grafana/grafana.
"""

from __future__ import annotations

import typing as t

from .answers import Answer
from .releases import Release

DASHBOARDS = "dashboard.grafana.app"
FOLDERS = "folder.grafana.app"


def status(code: int, reason: str, message: str) -> Answer:
    """How it refuses."""
    body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    return Answer(code, {**body, "reason": reason, "message": message, "code": code})


def another_version(sent: t.Any, current: dict, what: str) -> Answer | None:
    """The refusal of a change to something that somebody else has changed; sent is metadata, or the body of a deletion."""
    wanted = (sent or {}).get("preconditions", sent or {}).get("resourceVersion")
    if wanted in (None, current["resourceVersion"]):
        return None
    text = f"Operation cannot be fulfilled on {what}: the object has been modified; please apply your changes to the latest version"
    return status(409, "Conflict", text)


class Discovery:
    """The list of groups, which 12 is the first release to have."""

    def __init__(self, release: Release) -> None:
        self._groups = {DASHBOARDS: release.api_versions, FOLDERS: release.folder_versions}
        self._served = bool(release.api_versions)

    def routes(self) -> list[tuple[str, str, t.Callable]]:
        """Method, path and handler."""
        return [("GET", "/apis", lambda request: self._all())] if self._served else []

    def _all(self) -> Answer:
        groups = []
        for name, names in self._groups.items():
            versions = [{"groupVersion": f"{name}/{version}", "version": version} for version in names]
            groups.append({"name": name, "versions": versions, "preferredVersion": versions[0]})
        return Answer(200, {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
