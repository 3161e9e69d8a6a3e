# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads, saves and deletes dashboards, by the API that this Grafana supports."""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_apis import DASHBOARDS, Apis
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import Grafana, GrafanaError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_dashboard import Dashboard
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_dashboard_classic import (
    OTHER_SCHEMA,
    Classic,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_dashboard_resources import (
    Found,
    Resources,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_exports import DefinitionError

# Schema V2, from the newest form to the oldest.
_V2 = ("v2", "v2beta1", "v2alpha1")
# What 12 converts it to.
_CONVERTED = "v1beta1"


class Store:
    """The dashboards of one Grafana.

    Where /apis has a stable version of dashboards, everything goes there. Elsewhere only V2 resources do (12), and all else goes by
    the classic API.
    """

    def __init__(self, grafana: Grafana) -> None:
        self.grafana = grafana
        self.apis = Apis(grafana)
        self.resources = Resources(grafana, self.apis)
        self.classic = Classic(grafana)

    def refuse_unstorable(self, dashboard: Dashboard) -> None:
        """A definition that this Grafana does not store is refused, with what helps there."""
        version = dashboard.api_version.partition("/")[2]
        versions = self.apis.versions(DASHBOARDS)
        if version in versions:
            return
        known = ", ".join(one for one in versions if one.startswith("v2"))
        if not version:
            if not self.resources.version() or self.resources.takes_classic():
                return
            raise DefinitionError(
                f"dashboard {dashboard.title!r} ({dashboard.uid}): classic JSON is not stored by Grafana at {self.grafana.url}. "
                f"Expected a V2 resource ({known}). Fix: declare what a Grafana 13 gives for it at {self._address(dashboard)}, with v2 "
                "for VERSION."
            )
        fix = f"declare one of {known}" if known else "declare the V1 form"
        raise DefinitionError(
            f"dashboard {dashboard.title!r} ({dashboard.uid}): the schema is not stored by Grafana at {self.grafana.url} "
            f"({dashboard.api_version}). Expected {known or 'classic JSON or a V1 resource'}. Fix: {fix}; the Grafana it comes "
            f"from gives it at {self._address(dashboard)}, with {'that' if known else 'v1 or v1beta1'} for VERSION."
        )

    @staticmethod
    def _address(dashboard: Dashboard) -> str:
        return f"/apis/{DASHBOARDS.group}/VERSION/namespaces/default/dashboards/{dashboard.uid}"

    def read(self, uid: str, api_version: str = "") -> Found | None:
        """What Grafana has under a uid, or None; as a resource of this version, if one is named."""
        if api_version or self.resources.version():
            return self.resources.read(uid, api_version.partition("/")[2])
        try:
            return self.classic.read(uid)
        except GrafanaError as exc:
            if exc.status != OTHER_SCHEMA:
                raise
            # Somebody has saved it in schema V2, which this part of the API does not show.
            version = next((one for one in _V2 if one in self.apis.versions(DASHBOARDS)), "")
            if not version:
                raise
            return self.resources.read(uid, version)

    def classic_json(self, uid: str) -> dict | None:
        """A dashboard as classic JSON, also one that is stored in schema V2; None where there is none."""
        try:
            found = self.resources.read(uid) if self.resources.version() else self.classic.read(uid)
        except GrafanaError as exc:
            if exc.status != OTHER_SCHEMA:
                raise
            found = self.resources.read(uid, _CONVERTED)
        return found.body if found else None

    def newest_message(self, uid: str) -> str | None:
        """The message of the last save; empty for the first version; None if it is gone."""
        return (self.resources if self.resources.version() else self.classic).newest_message(uid)

    def save(self, dashboard: Dashboard, folder: str, message: str, current: Found | None) -> None:
        """Write a dashboard over what was read."""
        way = self.resources if dashboard.api_version or self.resources.version() else self.classic
        try:
            way.save(dashboard, folder, message, current)
        except GrafanaError as exc:
            raise GrafanaError(
                f"dashboard {dashboard.title!r} ({dashboard.uid}) was not saved: {exc}", exc.status
            ) from exc

    def delete(self, uid: str, found: Found) -> bool:
        """Delete the dashboard that was read; False if somebody was faster."""
        return self.resources.delete(uid, found) if self.resources.version() else self.classic.delete(uid)
