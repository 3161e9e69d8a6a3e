# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Creates and changes objects, in a dry run by the API server's own. Private to the collection."""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import (
    Reader,
    UnclearAnswer,
    is_not_found,
    reason,
    stated,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.object_comparison import (
    patch,
    without_bookkeeping,
    without_nulls,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.owned_objects import (
    NotOurs,
    existing,
    is_ending,
    place,
    refuse_foreign,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError

try:
    from kubernetes.dynamic.exceptions import DynamicApiError
    from urllib3.exceptions import HTTPError
except ImportError:  # the module reports it
    DynamicApiError, HTTPError = (type("Missing", (Exception,), {}) for _each in range(2))

# Seconds for one write: admission webhooks may take 30 of them.
SECONDS = 60
# An object that somebody changes at the same time is read and changed again this often.
_TRIES = 5
_MERGE = "application/merge-patch+json"
_FIXES = {
    400: "correct the definition",
    403: "grant this account the right, or change what forbids it",
    404: "create its namespace first",
    409: "run again",
    422: "correct the definition; a field that cannot change needs the object to be deleted first",
}
# What the API server prints of a value that it refuses may be long, or a secret.
_VALUE = re.compile(r'(Invalid value|Unsupported value|Duplicate value): ("(?:[^"\\]|\\.)*"|\S+\{.*\}|[^\s:]+)')


class Change(t.NamedTuple):
    """What happened to an object; {} means one that does not exist."""

    place: str
    before: dict
    after: dict

    @property
    def changed(self) -> bool:
        return without_bookkeeping(self.before) != without_bookkeeping(self.after)


class Refused(WorkError):
    """The API server did not accept a write."""


class Writer:
    """Writes objects; with dry nothing is stored, and each method returns what would be."""

    def __init__(self, reader: Reader, dry: bool = False) -> None:
        self._reader = reader
        self._dry = dry

    def write(self, definition: dict, found: dict | None, owner: dict[str, str]) -> Change:
        """Bring what was found of an object, and belongs to owner, to its definition."""
        if found is None:
            return self.create(definition)
        if is_ending(found):
            # Only a dry run does not wait until it is gone.
            return Change(place(definition), {}, definition)
        return self.change(definition, found, owner)

    def create(self, definition: dict) -> Change:
        """Create an object that does not exist. In a dry run its namespace may not exist either."""
        body, metadata = without_nulls(definition), definition["metadata"]
        try:
            made = self._send(definition, "create", namespace=metadata.get("namespace"), body=body)
        except DynamicApiError as error:
            if stated(error.body) == "AlreadyExists":
                raise NotOurs(
                    f"{place(definition)}: exists, and a moment ago the API server did not know it. Expected none of that "
                    "name. It was not changed. Fix: see who created it, then run again."
                ) from error
            if not self._announced(definition):
                raise self._refused(definition, error) from error
            made = body
        return Change(place(made), {}, made)

    def change(self, definition: dict, found: dict, owner: dict[str, str]) -> Change:
        """Give an object what its definition has and it lacks; one that changes meanwhile is compared again.

        The patch names the version that was read, so it changes only what was compared and belongs to owner.
        """
        metadata = definition["metadata"]
        for _try in range(_TRIES):
            body = patch(found, definition)
            if not body:
                return Change(place(definition), found, found)
            version = found["metadata"].get("resourceVersion")
            body["metadata"] = {**(body.get("metadata") or {}), **({"resourceVersion": version} if version else {})}
            try:
                after = self._send(
                    definition,
                    "patch",
                    name=metadata["name"],
                    namespace=metadata.get("namespace"),
                    body=body,
                    content_type=_MERGE,
                )
                return Change(place(definition), found, after)
            except DynamicApiError as error:
                gone = is_not_found(error.status, error.body)
                if not gone and stated(error.body) != "Conflict":
                    raise self._refused(definition, error) from error
                conflict = error
            now = existing(self._reader, definition)
            if now is None:
                return self.create(definition)
            refuse_foreign([(definition, now)], owner, new=False)
            found = now
        raise self._refused(definition, conflict) from conflict

    def set_fields(self, definition: dict) -> bool:
        """Set some fields of an object, lists as a whole; False where the version that is named is no longer the newest."""
        metadata = definition["metadata"]
        words = {"name": metadata["name"], "namespace": metadata.get("namespace"), "content_type": _MERGE}
        try:
            self._send(definition, "patch", body=definition, **words)
        except DynamicApiError as error:
            if stated(error.body) == "Conflict":
                return False
            raise self._refused(definition, error) from error
        return True

    def _announced(self, definition: dict) -> bool:
        """Whether this is a dry run, and the object's namespace is one that a run creates before."""
        namespace = definition["metadata"].get("namespace")
        return self._dry and bool(namespace) and self._reader.one("Namespace", "v1", namespace) is None

    def _send(self, definition: dict, verb: str, **words: t.Any) -> dict:
        """The object as it is then."""
        what = place(definition)
        resource = self._reader.resource(definition["kind"], definition["apiVersion"])
        if resource is None:
            raise Refused(
                f"{what}: the cluster does not know its kind ({definition['apiVersion']} {definition['kind']}). Expected one "
                "that 'kubectl api-resources' lists. Fix: correct apiVersion and kind, or install its definition first."
            )
        if self._dry:
            words["query_params"] = [("dryRun", "All")]
        try:
            answer = getattr(resource, verb)(serialize=False, _request_timeout=SECONDS, **words)
            found = json.loads(answer.data)
        except (HTTPError, OSError) as error:
            raise UnclearAnswer(f"{what}: no answer ({error}); whether it was written is not known.") from error
        except ValueError as error:
            # The client refuses an object without the namespace that its kind has.
            raise UnclearAnswer(f"{what}: whether it was written is not known ({error}).") from error
        named = found.get("metadata") if isinstance(found, dict) else None
        if not isinstance(named, dict) or named.get("name") != definition["metadata"].get("name", named.get("name")):
            raise UnclearAnswer(f"{what}: the answer is another one; whether it was written is not known.")
        return {"apiVersion": definition["apiVersion"], "kind": definition["kind"], **found}

    def _refused(self, definition: dict, error: Exception) -> Refused:
        what, said = place(definition), reason(error)
        said = _VALUE.sub(r"\1 (hidden)" if definition["kind"] == "Secret" else _short, said)
        fix = _FIXES.get(error.status, "look at the API server's health, then run again")
        return Refused(
            f"{what}: the API server did not accept it: {said}. Expected a write that it accepts. Fix: {fix}."
        )


def _short(match: re.Match) -> str:
    word, value = match.groups()
    return f"{word}: {value}" if len(value) < 100 else word
