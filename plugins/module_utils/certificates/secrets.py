# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Secrets of certificates in a cluster. Private to the collection.

Only Secrets with the owner's labels are written and removed. An answer of the API server that is not clear ends the work.
"""

from __future__ import annotations

import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import cert_manager
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.plan import Data, Stored
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.secret_objects import (
    decoded,
    definition,
    listed,
    with_data,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.wanted import Place
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import (
    Reader,
    UnclearAnswer,
    reason,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.owned_objects import (
    NotOurs,
    Remover,
    refuse_foreign,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError

try:
    from kubernetes.dynamic.exceptions import DynamicApiError
    from urllib3.exceptions import HTTPError
except ImportError:  # the connection reports it
    DynamicApiError, HTTPError = (type("Missing", (Exception,), {}) for _each in range(2))

# Seconds for the API server's answer to a change.
_SECONDS = 30


class Secrets:
    """Reads all Secrets once, then writes them one after the other."""

    def __init__(self, client: t.Any, owner: dict[str, str]) -> None:
        """client is what Reader takes."""
        self._reader = Reader(client)
        self._owner = owner
        self._found: dict[Place, dict] = {}

    def read(self, places: t.Iterable[Place]) -> Stored:
        """The data of those that exist; raises WorkError where one is not the owner's."""
        try:
            objects = {place: self._reader.one("Secret", "v1", place.secret, place.namespace) for place in places}
            refuse_foreign([(definition(place), found) for place, found in objects.items()], self._owner, False)
        except UnclearAnswer as error:
            raise WorkError(f"The API server's answer is not clear, and nothing was changed. {error}") from error
        except NotOurs as error:
            raise WorkError(str(error)) from error
        self._found = {place: found for place, found in objects.items() if found is not None}
        return {place: decoded(found) for place, found in self._found.items()}

    def listed(self, place: Place) -> list[str] | None:
        """The list of certificates on a CA's Secret that was read."""
        return listed(self._found.get(place, {}))

    def is_issued(self, place: Place) -> bool:
        """Whether cert-manager wrote a Secret that was read."""
        return cert_manager.is_issued(self._found.get(place))

    def write(self, place: Place, data: Data, certificates: list[str] | None = None) -> None:
        """Bring a Secret to this data. One that was not there is created, so that none is overwritten that was not seen."""
        body = with_data(self._found.get(place) or definition(place), data, self._owner, certificates)
        verb = "replace" if place in self._found else "create"
        self._change(place, verb, body=body, namespace=place.namespace)

    def remove(self, place: Place) -> None:
        try:
            found = {**self._found[place], "kind": "Secret", "apiVersion": "v1"}
            Remover(self._reader, _SECONDS, wait=False).remove([found])
        except UnclearAnswer as error:
            raise WorkError(f"{error} What was written before stays, and the next run goes on from there.") from error

    def _change(self, place: Place, verb: str, **words: t.Any) -> None:
        resource = self._reader.resource("Secret", "v1")
        try:
            getattr(resource, verb)(serialize=False, _request_timeout=_SECONDS, **words)
        except DynamicApiError as error:
            raise WorkError(_not_written(place, verb, error.status, reason(error))) from error
        except (HTTPError, OSError) as error:
            raise WorkError(_not_written(place, verb, None, f"no answer ({type(error).__name__})")) from error


def _not_written(place: Place, verb: str, status: int | None, why: str) -> str:
    if status == 404 and verb == "create":
        return f"Secret {place}: the namespace does not exist ({why}). Fix: create it first."
    if status == 409:
        why = f"it was {'changed' if verb == 'replace' else 'created'} by another client meanwhile ({why})"
    return (
        f"Secret {place}: it was not written: {why}. What was written before stays, and the next run goes on from there. "
        "Fix: see what the API server says, then run again."
    )
