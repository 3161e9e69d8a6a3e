# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of objects of a cluster, each group asked for when one of its kinds is needed. Private to the collection."""

from __future__ import annotations

import json
import typing as t

try:
    from kubernetes.dynamic.exceptions import ResourceNotFoundError
    from kubernetes.dynamic.resource import Resource
except ImportError:  # connection.py reports it
    ResourceNotFoundError, Resource = Exception, None

_FIELDS = ("kind", "namespaced", "verbs", "name", "singularName", "shortNames", "categories")
# What a kind may be named by, the likeliest first.
_NAMES = ("kind", "name", "singular_name", "short_names")
_SECONDS = 30


class Kinds:
    """A discoverer of the Kubernetes library that keeps what it finds for as long as it lives, and in no file."""

    def __init__(self, client: t.Any, cache_file: str | None = None) -> None:
        self._client = client
        self._found: dict[str, list] = {}

    @property
    def version(self) -> dict:
        """The API server's version, as the library has it."""
        return {"kubernetes": self._client.request("get", "/version", _request_timeout=_SECONDS).to_dict()}

    def get(self, api_version: str, kind: str, **unused: t.Any) -> t.Any:
        """A kind by its name."""
        for resource in self._of(api_version):
            if resource.kind == kind:
                return resource
        raise ResourceNotFoundError(f"The cluster does not know kind {api_version} {kind}.")

    def named(self, name: str, api_version: str) -> t.Any:
        """A kind by any of its names."""
        for attribute in _NAMES:
            for resource in self._of(api_version):
                known = getattr(resource, attribute)
                if name == known or (isinstance(known, list) and name in known):
                    return resource
        raise ResourceNotFoundError(f"The cluster does not know kind {api_version} {name}.")

    def _of(self, api_version: str) -> list:
        if api_version not in self._found:
            self._found[api_version] = self._read(api_version)
        return self._found[api_version]

    def _read(self, api_version: str) -> list:
        group, _slash, version = api_version.rpartition("/")
        prefix = "apis" if group else "api"
        answer = self._client.request("get", f"/{prefix}/{api_version}", serialize=False, _request_timeout=_SECONDS)
        entries = json.loads(answer.data)["resources"]
        parts: dict[str, dict] = {}
        for entry in entries:
            name, slash, part = entry["name"].partition("/")
            if slash:
                parts.setdefault(name, {})[part] = entry
        place = {"prefix": prefix, "group": group, "api_version": version, "client": self._client, "preferred": True}
        return [
            Resource(
                **place,
                subresources=parts.get(entry["name"]),
                # What belongs to a Resource, and nothing that a newer API server adds.
                **{field: entry[field] for field in _FIELDS if field in entry},
            )
            for entry in entries
            if "/" not in entry["name"]
        ]
