# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Grafana's newer API, /apis: what it serves, and at which address.

Grafana 13 serves dashboards and folders in a stable version and calls the classic API for them deprecated; 12 has beta versions.
What has a stable version is read and written there, everything else by the classic API. The list of /apis decides, not the release.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import (
    Grafana,
    GrafanaError,
    apis_path,
    path,
)

_STABLE = re.compile(r"v[0-9]+")
# Statuses of a Grafana without the newer API, and of a proxy that passes only the classic one on.
_NOT_SERVED = (403, 404, 410)
# The version whose content is classic JSON.
CLASSIC_JSON = "v1"


class Kind(t.NamedTuple):
    """A kind of object: its group, and its name in an address."""

    group: str
    plural: str


DASHBOARDS = Kind("dashboard.grafana.app", "dashboards")
FOLDERS = Kind("folder.grafana.app", "folders")


def _versions(group: dict) -> list[str]:
    found = group.get("versions")
    return [str(one.get("version")) for one in found if isinstance(one, dict)] if isinstance(found, list) else []


class Apis:
    """The newer API of one Grafana; each question is asked once, when its answer is needed."""

    def __init__(self, grafana: Grafana) -> None:
        self.grafana = grafana
        self._groups: dict[str, list[str]] | None = None
        self._settings: dict | None = None

    def versions(self, kind: Kind) -> list[str]:
        """All versions of a kind, such as v1beta1 and v2."""
        if self._groups is None:
            self._groups = {str(group.get("name")): _versions(group) for group in self._listed()}
        return self._groups.get(kind.group, [])

    def _listed(self) -> list[dict]:
        try:
            groups = self.grafana.get_object(apis_path(), "groups")["groups"]
        except GrafanaError as exc:
            if exc.status not in _NOT_SERVED:
                raise
            return []
        return [group for group in groups if isinstance(group, dict)] if isinstance(groups, list) else []

    def stable(self, kind: Kind) -> str:
        """The stable version to use: that of classic JSON, else the newest; empty where the classic API is the supported one."""
        found = sorted((one for one in self.versions(kind) if _STABLE.fullmatch(one)), key=lambda one: int(one[1:]))
        return CLASSIC_JSON if CLASSIC_JSON in found else found[-1] if found else ""

    def settings(self) -> dict:
        """What Grafana tells its pages."""
        if self._settings is None:
            self._settings = self.grafana.get_object(path("frontend", "settings"), absent=(404, 410)) or {}
        return self._settings

    def place(self, kind: Kind, version: str, *name: str, **query: t.Any) -> str:
        """The address of all objects of a kind, or of one."""
        namespace = str(self.settings().get("namespace") or "default")
        return apis_path(kind.group, version, "namespaces", namespace, kind.plural, *name, **query)
