# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sets the releases of Grafana apart, as far as a client of its API can tell, and where that is written.

What has no field here is in as_12: answers of 10.0.0 before 12, those of 12.4.0 from then on. recorded/ holds what the real
servers of these two answered.
"""

from __future__ import annotations

import typing as t


class Release(t.NamedTuple):
    """One release; each field is a difference."""

    version: str
    # Endpoints of data sources by number, /api/datasources/:id. Off by default from 13.0 on, 404 then.
    # https://grafana.com/whats-new/2026-04-14-deprecated-data-source-apis-disabled-by-default/
    numeric_ids: bool
    # Types whose plugin answers /api/datasources/uid/:uid/health; 404 for the others.
    # prometheus: missing in 9.x (grafana/grafana#65970), there in the source of 10.0.0
    # (pkg/tsdb/prometheus/healthcheck.go). loki: missing in 9.4 (grafana/grafana#63726) and, seen on the real server,
    # in 10.0.0; added by grafana/grafana#74330 (September 2023, before 10.2).
    health_checks: frozenset[str]
    # A title may be there once in a folder; else 412 name-exists. Given up in 11.3: grafana/grafana#90687.
    unique_titles: bool
    # /api/dashboards/uid/:uid/versions gives {versions, continueToken} in place of a list.
    # A list in 11.4, an object in 11.6: grafana/grafana#104556; made by grafana/grafana#99327.
    versions_in_object: bool
    # A data source's uid has to be one of at most 40 letters, digits, - and _. Enforced from 12.0 on
    # (grafana/grafana#102192); until then stored as it is.
    strict_uids: bool
    # Dashboards of the v2 schema may be stored; GET /api/dashboards/uid/:uid refuses them with 406.
    # pkg/api/dashboard.go and dashboard_test.go of grafana/grafana, main branch (12 and 13).
    schema_v2: bool
    # POST /api/dashboards/db reads folderId, which 13 ignores: the dashboard lands in the root folder.
    # ansible-collections/community.grafana#448, ROCm/omnistat#326.
    folder_ids: bool
    # The search runs on an index that follows the changes later (unified storage, the only one from 12 on).
    # https://grafana.com/docs/grafana/latest/upgrade-guide/upgrade-v12.0/
    indexed_search: bool
    # GET /api/folders/:uid/counts: what is in a folder. pkg/api/folder.go; up to 10.0 with nested folders only.
    folder_counts: bool
    # A folder that is not empty is not deleted: "folder is not empty", recorded of 12.4.0. Until then its dashboards go too.
    full_folders_stay: bool
    # Versions of /apis/dashboard.grafana.app, the preferred one first: docs/sources/developer-resources/api-reference/http-api/
    # dashboard.md of 12.4, 13.2 and 13.3; a Grafana 13.2.2 was seen to serve six of them and to prefer v2.
    api_versions: tuple[str, ...]
    # The statuses, words and keys that were recorded of 12.4.0.
    as_12: bool
    # Deleting a contact point that the policy tree uses: 500 in 10.0 (seen on the real server), 409 later.
    # docs/sources/developers/http_api/alerting_provisioning.md, "409 Conflict".
    contact_point_in_use: int
    # The status of /api/dashboards, /api/folders and /api/search where they are gone, else 0. Grafana's documentation of 13.3 plans
    # that for "a future major release"; which one is not known, and no source says what they answer then.
    legacy_gone: int = 0

    @property
    def folder_versions(self) -> tuple[str, ...]:
        """Versions of /apis/folder.grafana.app: folder.md of 12.4 and 13.3."""
        return ("v1", "v1beta1") if self.stable else ("v1beta1",) if self.api_versions else ()

    @property
    def stable(self) -> bool:
        """Whether dashboards and folders have a stable version in /apis."""
        return bool({"v1", "v2"} & set(self.api_versions))

    def place(self, kind: str) -> str:
        """Where new dashboards or folders are sent to."""
        group = {"dashboards": "dashboard", "folders": "folder"}[kind]
        classic = {"dashboards": "/api/dashboards/db", "folders": "/api/folders"}[kind]
        return f"/apis/{group}.grafana.app/v1/namespaces/default/{kind}" if self.stable else classic


_V12 = ("v1beta1", "v0alpha1", "v2alpha1", "v2beta1")
_V13 = ("v2", "v1", "v1beta1", "v0alpha1", "v2alpha1", "v2beta1")
_NEITHER: frozenset[str] = frozenset()
_PROMETHEUS = frozenset({"prometheus"})
_BOTH = frozenset({"prometheus", "loki"})

RELEASES = {
    release.version: release
    for release in (
        Release("9.5.21", True, _NEITHER, True, False, False, False, True, False, False, False, (), False, 500),
        Release("10.0.0", True, _PROMETHEUS, True, False, False, False, True, False, False, False, (), False, 500),
        Release("10.4.19", True, _BOTH, True, False, False, False, True, False, True, False, (), False, 409),
        Release("11.6.3", True, _BOTH, False, True, False, False, True, False, True, False, (), False, 409),
        Release("12.4.0", True, _BOTH, False, True, True, True, True, True, True, True, _V12, True, 409),
        Release("13.2.0", False, _BOTH, False, True, True, True, False, True, True, True, _V13, True, 409),
        Release("13.3.0", False, _BOTH, False, True, True, True, False, True, True, True, _V13, True, 409),
        # No release that exists: 13.3 without what it calls legacy.
        Release("14.0.0", False, _BOTH, False, True, True, True, False, True, True, True, _V13, True, 409, 410),
    )
}
