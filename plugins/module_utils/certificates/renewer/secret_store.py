# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Secrets of certificates, as the pod reads and writes them. Private to the collection."""

from __future__ import annotations

import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import secret_objects
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.plan import Data, Stored
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.api import Api
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.wanted import Place
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError


class SecretStore:
    """A Store (secret_objects.py). Only Secrets with the owner's labels are written and removed."""

    def __init__(self, api: Api, owner: dict[str, str]) -> None:
        self._api, self._owner = api, owner
        self._found: dict[Place, dict] = {}

    def read(self, places: t.Iterable[Place]) -> Stored:
        objects = {place: self._api.get(path(place)) for place in places}
        self._found = {place: found for place, found in objects.items() if found is not None}
        for place, found in self._found.items():
            if not self._owner.items() <= (found["metadata"].get("labels") or {}).items():
                raise WorkError(f"Secret {place}: it is not managed by this collection. Nothing was changed.")
        return {place: secret_objects.decoded(found) for place, found in self._found.items()}

    def listed(self, place: Place) -> list[str] | None:
        return secret_objects.listed(self._found.get(place, {}))

    def write(self, place: Place, data: Data, certificates: list[str] | None = None) -> None:
        found = self._found.get(place)
        body = secret_objects.with_data(found or secret_objects.definition(place), data, self._owner, certificates)
        if found is None:
            self._api.call("POST", f"/api/v1/namespaces/{place.namespace}/secrets", body)
        else:
            self._api.call("PUT", path(place), body)

    def remove(self, place: Place) -> None:
        metadata = self._found[place]["metadata"]
        seen = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
        self._api.call("DELETE", path(place), {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": seen})


def path(place: Place) -> str:
    return f"/api/v1/namespaces/{place.namespace}/secrets/{place.secret}"
