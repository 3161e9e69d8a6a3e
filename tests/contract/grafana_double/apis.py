# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/apis/dashboard.grafana.app, as far as it differs from /api: versions, and dashboards in schema V2.

Sources: docs/sources/developer-resources/api-reference/http-api/dashboard.md of 12.4 and 13.2, and
pkg/registry/apis/dashboard/register.go (which versions there are, what an update has to carry).
"""

from __future__ import annotations

import copy
import typing as t

from .answers import Answer
from .dashboards import Dashboards
from .releases import Release

_BASE = "/apis/dashboard.grafana.app"
_FOLDER = "grafana.app/folder"
_MESSAGE = "grafana.app/message"


def _status(code: int, reason: str, message: str) -> Answer:
    body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    return Answer(code, {**body, "reason": reason, "message": message, "code": code})


class Apis:
    """The dashboards of one Grafana as resources; those of schema V2 only."""

    def __init__(self, release: Release, dashboards: Dashboards) -> None:
        self._release = release
        self._dashboards = dashboards
        self._metadata: dict[str, dict] = {}

    def routes(self) -> list[tuple[str, str, t.Callable]]:
        """Method, path and handler."""
        if not self._release.api_versions:
            return []
        collection = _BASE + "/([^/]+)/namespaces/default/dashboards"
        return [
            ("GET", _BASE + "/?", lambda request: self._group()),
            ("GET", collection + "/([^/]+)", lambda request: self._read(*request.names)),
            ("POST", collection, lambda request: self._create(request)),
            ("PUT", collection + "/([^/]+)", lambda request: self._update(request)),
        ]

    def _group(self) -> Answer:
        versions = [
            {"groupVersion": f"dashboard.grafana.app/{version}", "version": version}
            for version in self._release.api_versions
        ]
        group = {"kind": "APIGroup", "apiVersion": "v1", "name": "dashboard.grafana.app", "versions": versions}
        return Answer(200, {**group, "preferredVersion": versions[0]})

    def _refused(self, version: str) -> Answer | None:
        if version in self._release.api_versions:
            return None
        return _status(404, "NotFound", "the server could not find the requested resource")

    def _read(self, version: str, name: str) -> Answer:
        refused = self._refused(version)
        if refused:
            return refused
        stored = self._dashboards.stored.get(name)
        if stored is None:
            return _status(404, "NotFound", f'dashboards.dashboard.grafana.app "{name}" not found')
        spec = {key: value for key, value in stored.body.items() if key not in ("id", "uid", "version")}
        number, message, _body = stored.history[-1]
        annotations = {_FOLDER: stored.folder, "grafana.app/createdBy": "user:1", _MESSAGE: message}
        metadata = {"name": name, "namespace": "default", "resourceVersion": str(number), "generation": number}
        metadata["annotations"] = {**self._metadata.get(name, {}).get("annotations", {}), **annotations}
        metadata["labels"] = {**self._metadata.get(name, {}).get("labels", {}), "grafana.app/deprecatedInternalID": "1"}
        return Answer(
            200,
            {
                "kind": "Dashboard",
                "apiVersion": f"dashboard.grafana.app/{version}",
                "metadata": metadata,
                # Defaults that the schema fills in.
                "spec": {"preload": False, "editable": True, "liveNow": False, **copy.deepcopy(spec)},
                "status": {},
            },
        )

    def _keep(self, version: str, name: str, body: dict) -> Answer:
        spec, metadata = body["spec"], body["metadata"]
        if not isinstance(spec.get("elements"), dict) or not spec.get("title"):
            return _status(400, "BadRequest", 'Dashboard in version "v2" cannot be handled as a Dashboard')
        annotations = metadata.get("annotations") or {}
        self._metadata[name] = metadata
        self._dashboards.keep_v2(name, spec, annotations.get(_FOLDER, ""), annotations.get(_MESSAGE, ""))
        return self._read(version, name)

    def _create(self, request: t.Any) -> Answer:
        version, name = request.names[0], request.body["metadata"]["name"]
        refused = self._refused(version)
        if refused:
            return refused
        if name in self._dashboards.stored:
            return _status(409, "AlreadyExists", f'dashboards.dashboard.grafana.app "{name}" already exists')
        kept = self._keep(version, name, request.body)
        return kept._replace(status=201) if kept.status == 200 else kept

    def _update(self, request: t.Any) -> Answer:
        version, name = request.names
        before = self._read(version, name)
        if before.status != 200:
            return before
        sent = request.body["metadata"]
        if sent.get("resourceVersion") != before.body["metadata"]["resourceVersion"]:
            return _status(
                409, "Conflict", f'Operation cannot be fulfilled on dashboards "{name}": requested RV differs'
            )
        return self._keep(version, name, request.body)
