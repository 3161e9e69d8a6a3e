# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/apis/dashboard.grafana.app: dashboards as resources, classic JSON as V0 and V1, and schema V2.

Sources: docs/sources/developer-resources/api-reference/http-api/dashboard.md and resource-history.md of 12.4 and 13.3,
pkg/registry/apis/dashboard (mutate.go, register.go) and pkg/storage/unified/apistore (what a write and a deletion have to carry).
"""

from __future__ import annotations

import copy
import typing as t

from .answers import Answer, is_valid_uid
from .apis import DASHBOARDS, another_version, status
from .dashboards import Dashboards, Stored
from .folders import Folders
from .releases import Release

_FOLDER = "grafana.app/folder"
_MESSAGE = "grafana.app/message"
_MANAGER = "grafana.app/managedBy"
_NUMBER = "grafana.app/deprecatedInternalID"
# To which V1 brings each dashboard that is written.
LATEST_SCHEMA = 42
_V2_DEFAULTS = {"preload": False, "editable": True, "liveNow": False}
_EMPTY_LAYOUT = {"kind": "GridLayout", "spec": {"items": []}}


class ApiDashboards:
    """The dashboards of one Grafana as resources."""

    def __init__(self, release: Release, dashboards: Dashboards, folders: Folders) -> None:
        self._release = release
        self._dashboards = dashboards
        self._folders = folders
        self._metadata: dict[str, dict] = {}
        # uids of dashboards that Grafana can show in the version only in which they are stored.
        self.unconvertible: set[str] = set()

    def routes(self) -> list[tuple[str, str, t.Callable]]:
        """Method, path and handler."""
        known = "|".join(self._release.api_versions) or "none"
        collection = f"/apis/{DASHBOARDS}/({known})/namespaces/default/dashboards"
        return [
            ("GET", collection, self._list),
            ("GET", collection + "/([^/]+)", lambda request: self._read(*request.names)),
            ("POST", collection, self._create),
            ("PUT", collection + "/([^/]+)", self._update),
            ("DELETE", collection + "/([^/]+)", self._delete),
        ]

    def _missing(self, name: str) -> Answer:
        return status(404, "NotFound", f'dashboards.{DASHBOARDS} "{name}" not found')

    def _list(self, request: t.Any) -> Answer:
        (version,), query = request.names, request.query
        if "labelSelector" in query:
            return self._history(version, query["fieldSelector"][0].removeprefix("metadata.name="))
        size, start = int(query.get("limit", ["1000"])[0]), int(query.get("continue", ["0"])[0])
        names = list(self._dashboards.stored)
        items = [self._resource(version, name) for name in names[start : start + size]]
        metadata = {"continue": str(start + size)} if len(names) > start + size else {}
        return Answer(200, {"kind": "DashboardList", "metadata": metadata, "items": items})

    def _history(self, version: str, name: str) -> Answer:
        """Only stable versions have it."""
        items = []
        stored = self._dashboards.stored.get(name)
        for number, message, _body in reversed(stored.history if stored and version in ("v1", "v2") else []):
            item = self._resource(version, name)
            item["metadata"]["generation"] = number
            item["metadata"]["annotations"][_MESSAGE] = message
            items.append(item)
        return Answer(200, {"kind": "DashboardList", "metadata": {}, "items": items})

    def _read(self, version: str, name: str) -> Answer:
        known = name in self._dashboards.stored
        return Answer(200, self._resource(version, name)) if known else self._missing(name)

    def _resource(self, version: str, name: str) -> dict:
        stored = self._dashboards.stored[name]
        given = self._metadata.get(name, {})
        number = stored.history[-1][0]
        # What a save says of itself is in the history only.
        annotations = {key: value for key, value in given.get("annotations", {}).items() if key != _MESSAGE}
        annotations |= {_FOLDER: stored.folder, "grafana.app/createdBy": "user:1"}
        if stored.provisioned:
            annotations[_MANAGER] = "classic-file-provisioning"
        metadata = {"name": name, "namespace": "default", "uid": f"id-{name}", "generation": number}
        metadata |= {"resourceVersion": str(1000 + number), "annotations": annotations}
        metadata["labels"] = {**given.get("labels", {}), _NUMBER: str(stored.number)}
        spec, conversion = self._spec(version, name, stored)
        found = {"kind": "Dashboard", "apiVersion": f"{DASHBOARDS}/{version}", "metadata": metadata, "spec": spec}
        return {**found, "status": {"conversion": conversion}}

    def _spec(self, version: str, name: str, stored: Stored) -> tuple[dict, dict]:
        """A dashboard in a version, and what became of its conversion."""
        newest = next((one for one in ("v2", "v2beta1") if one in self._release.api_versions), "")
        own = newest if stored.schema_v2 else "v0alpha1"
        conversion = {"failed": False, "storedVersion": f"{DASHBOARDS}/{own}"}
        spec = {key: value for key, value in stored.body.items() if key not in ("id", "uid", "version")}
        spec = copy.deepcopy(spec)
        as_v2 = version.startswith("v2")
        if as_v2 == stored.schema_v2:
            return ({**_V2_DEFAULTS, **spec} if as_v2 else spec), conversion
        if name in self.unconvertible:
            return {}, {**conversion, "failed": True, "error": "cannot be converted"}
        common = {key: spec[key] for key in ("title", "tags") if key in spec}
        if as_v2:
            return {**_V2_DEFAULTS, **common, "elements": {}, "layout": _EMPTY_LAYOUT}, conversion
        return {**common, "panels": [], "schemaVersion": LATEST_SCHEMA}, conversion

    def _refused(self, request: t.Any, name: str) -> Answer | None:
        metadata, spec = request.body["metadata"], request.body["spec"]
        folder = (metadata.get("annotations") or {}).get(_FOLDER)
        if not spec.get("title"):
            return status(400, "BadRequest", "Dashboard title cannot be empty")
        if not is_valid_uid(name):
            return status(400, "BadRequest", "uid contains illegal characters")
        if folder and folder not in self._folders.stored:
            return status(404, "NotFound", f'folders.folder.grafana.app "{folder}" not found')
        version = request.names[0]
        if version.startswith("v2"):
            wrong = not isinstance(spec.get("elements"), dict)
            return status(400, "BadRequest", f'Dashboard in version "{version}" cannot be handled') if wrong else None
        lenient = version == "v0alpha1" or request.query.get("fieldValidation") == ["Ignore"]
        if not lenient and spec.get("schemaVersion") != LATEST_SCHEMA:
            return status(422, "Invalid", f"spec.schemaVersion: {LATEST_SCHEMA} is expected")
        return None

    def _keep(self, request: t.Any, name: str, code: int) -> Answer:
        version, metadata, spec = request.names[0], request.body["metadata"], request.body["spec"]
        annotations = metadata.get("annotations") or {}
        self._metadata[name] = metadata
        folder, message = annotations.get(_FOLDER, ""), annotations.get(_MESSAGE, "")
        if version.startswith("v2"):
            self._dashboards.keep_v2(name, spec, folder, message)
        else:
            schema = {} if version == "v0alpha1" else {"schemaVersion": LATEST_SCHEMA}
            self._dashboards.keep(name, {**spec, **schema, "uid": name}, folder, message)
        return Answer(code, self._resource(version, name))

    def _create(self, request: t.Any) -> Answer:
        metadata = request.body["metadata"]
        name = metadata["name"]
        if metadata.get("resourceVersion"):
            return status(400, "BadRequest", "resourceVersion should not be set on objects to be created")
        if _NUMBER in (metadata.get("labels") or {}):
            return status(409, "Conflict", "deprecatedInternalID is already in use")
        if _MANAGER in (metadata.get("annotations") or {}):
            return status(403, "Forbidden", "only the manager itself says that it manages a dashboard")
        if name in self._dashboards.stored:
            return status(409, "AlreadyExists", f'dashboards.{DASHBOARDS} "{name}" already exists')
        return self._refused(request, name) or self._keep(request, name, 201)

    def _update(self, request: t.Any) -> Answer:
        _version, name = request.names
        if name not in self._dashboards.stored:
            return self._missing(name)
        before, sent = self._resource(*request.names)["metadata"], request.body["metadata"]
        if self._dashboards.stored[name].provisioned:
            return status(403, "Forbidden", "a provisioned dashboard cannot be changed")
        refused = another_version(sent, before, f'dashboards.{DASHBOARDS} "{name}"') or self._refused(request, name)
        if not refused and sent.get("generation") not in (None, before["generation"]):
            refused = status(412, "Conflict", "The dashboard has been changed by someone else")
        return refused or self._keep(request, name, 200)

    def _delete(self, request: t.Any) -> Answer:
        _version, name = request.names
        if name not in self._dashboards.stored:
            return self._missing(name)
        before = self._resource(*request.names)["metadata"]
        if self._dashboards.stored[name].provisioned:
            return status(403, "Forbidden", "a provisioned dashboard cannot be deleted")
        refused = another_version(request.body, before, f'dashboards.{DASHBOARDS} "{name}"')
        if refused:
            return refused
        del self._dashboards.stored[name]
        return Answer(200, {"kind": "Status", "apiVersion": "v1", "status": "Success", "details": {"name": name}})
