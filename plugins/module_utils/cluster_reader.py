# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads from the API server only what it clearly states. Private to the collection.

What is changed or removed later depends on these answers, so everything that is not a whole answer is an error: no answer
within the time limit, an answer that is not JSON, a list without its items, a page that stays missing, "not found" from
something that is not the API server.
"""

from __future__ import annotations

import json
import typing as t
from email.utils import parsedate_to_datetime

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_answers import (
    NotAllowed,
    UnclearAnswer,
    is_not_found,
    reason,
    short,
    stated,
    whole_list,
)

try:
    from kubernetes.dynamic.exceptions import DynamicApiError, GoneError, NotFoundError, ResourceNotFoundError
    from kubernetes.dynamic.resource import Resource
    from urllib3.exceptions import HTTPError
except ImportError:  # the module reports it
    DynamicApiError, GoneError, NotFoundError, ResourceNotFoundError, HTTPError = (
        type("Missing", (Exception,), {}) for _each in range(5)
    )
    Resource = None

# Seconds that the API server has for one answer.
SECONDS = 30
# A list that changes faster than it can be read page by page is read again this often.
_TRIES = 3
# Only the metadata of objects; what has no such form comes whole.
METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"


class Reader:
    """Reads objects; each method returns what the API server states or raises UnclearAnswer."""

    def __init__(self, client: t.Any, seconds: float = SECONDS) -> None:
        """client is what connection.py yields; seconds is the limit for one answer."""
        self._client = client
        self._seconds = seconds
        # Seconds since 1970 by the API server's clock, as of its latest answer; None before the first one.
        self.server_time: float | None = None

    def one(self, kind: str, api_version: str, name: str, namespace: str | None = None) -> dict | None:
        """The object, or None where the API server states that there is none."""
        what = f"{kind} {namespace + '/' if namespace else ''}{name}"
        resource = self.resource(kind, api_version)
        if resource is None:
            return None
        try:
            found = self._ask(what, lambda: self._get(resource, name=name, namespace=namespace), NotFoundError)
        except NotFoundError as error:
            if is_not_found(error.status, error.body):
                return None
            return self._not_known(resource, what, error)
        named = found.get("metadata") if isinstance(found, dict) else None
        if not isinstance(named, dict) or named.get("name") != name:
            raise UnclearAnswer(f"{what}: the answer is another one ({short(found)}).")
        return found

    def all(
        self, kind: str, api_version: str, namespace: str | None = None, labels: str = "", metadata_only: bool = False
    ) -> list[dict]:
        """All objects of a kind, every page; [] also where the cluster does not know the kind.

        labels is a selector. With metadata_only the objects' content stays at the API server.
        """
        resource = self.resource(kind, api_version)
        return [] if resource is None else self.all_of(resource, namespace, labels, metadata_only)

    def all_of(
        self, resource: t.Any, namespace: str | None = None, labels: str = "", metadata_only: bool = False
    ) -> list[dict]:
        """The same for a kind that was found already."""
        what = f"list of {resource.kind} in {'namespace ' + namespace if namespace else 'all namespaces'}"
        words = {"namespace": namespace}
        if labels:
            words["label_selector"] = labels
        for _try in range(_TRIES):
            try:
                return self._pages(resource, what, words, metadata_only)
            except GoneError:
                # The token of a page has expired: from the first page again.
                continue
            except NotFoundError as error:
                return self._not_known(resource, what, error) or []
        raise UnclearAnswer(f"{what}: its pages expired {_TRIES} times while they were read.")

    def _pages(self, resource: t.Any, what: str, words: dict, metadata_only: bool) -> list[dict]:
        header = {"header_params": {"Accept": METADATA}} if metadata_only else {}
        found, token, seen, expected = [], "", set(), (GoneError, NotFoundError)
        while True:
            page = {**words, **({"_continue": token} if token else {})}
            answer = self._ask(what, lambda page=page: self._get(resource, **page, **header), *expected)
            if header and isinstance(answer, dict) and answer.get("items", 0) is None:
                # In this form the API server writes null for none; in the other one it writes [].
                answer = self._ask(what, lambda page=page: self._get(resource, **page), *expected)
            items, token = whole_list(answer, what)
            found += items
            if not token:
                return found
            if token in seen:
                raise UnclearAnswer(f"{what}: the same page comes again and again.")
            seen.add(token)

    def resource(self, kind: str, api_version: str) -> t.Any:
        """How to reach a kind; None where the API server states that it does not know it."""
        try:
            what, expected = f"kind {api_version} {kind}", (NotFoundError, ResourceNotFoundError)
            return self._ask(what, lambda: self._client.resource(kind, api_version), *expected)
        except expected:
            # The client takes a group that does not answer (503, no JSON) for one without kinds.
            if kind in {entry["kind"] for entry in self._kinds_of(api_version)}:
                raise UnclearAnswer(f"kind {api_version} {kind}: it is known, and cannot be read.") from None
            return None

    def namespaced_kinds(self) -> list[t.Any]:
        """Every kind of namespaced object that can be listed, in any version of its group, asked for now.

        One group that does not answer, or is not listed, makes the whole unclear: its objects would be overlooked.
        """
        known: dict[tuple[str, str], tuple[str, dict]] = {}
        for version in self._versions():
            group = version.rpartition("/")[0]
            for entry in self._kinds_of(version, must_exist=True):
                if "/" not in entry["name"]:
                    known.setdefault((group, entry["name"]), (version, entry))
        self._refuse_missing(known)
        return [
            self._resource_of(version, entry)
            for version, entry in known.values()
            if entry.get("namespaced") and "list" in (entry.get("verbs") or [])
        ]

    def _refuse_missing(self, known: t.Container[tuple[str, str]]) -> None:
        """Raise where a definition exists whose kind no group lists; an account that may not list them cannot tell."""
        kind, version = "CustomResourceDefinition", "apiextensions.k8s.io/v1"
        try:
            definitions = self.all(kind, version, metadata_only=True)
        except NotAllowed:
            return
        for metadata in (one["metadata"] for one in definitions):
            plural, _dot, group = metadata["name"].partition(".")
            if (group, plural) not in known and not metadata.get("deletionTimestamp"):
                raise UnclearAnswer(
                    f"list of API groups: {kind} {metadata['name']} exists, and no group lists its kind."
                )

    def _resource_of(self, version: str, entry: dict) -> t.Any:
        group, _slash, name = version.rpartition("/")
        # What belongs to a Resource, and nothing that a newer API server adds.
        fields = ("kind", "namespaced", "verbs", "name", "singularName", "shortNames", "categories")
        chosen = {field: entry[field] for field in fields if field in entry}
        place = {"prefix": "apis" if group else "api", "group": group, "api_version": name}
        return Resource(**place, client=self._client.client, preferred=True, **chosen)

    def _versions(self) -> list[str]:
        """All versions of all groups, each group's preferred one first."""
        groups = self._ask("list of API groups", lambda: self._request("/apis"))
        entries = groups.get("groups") if isinstance(groups, dict) else None
        if not isinstance(entries, list) or not entries:
            raise UnclearAnswer(f"list of API groups: the answer is no such list ({short(groups)}).")
        try:
            found = [entry["preferredVersion"]["groupVersion"] for entry in entries]
            found += [one["groupVersion"] for entry in entries for one in entry["versions"]]
        except (KeyError, TypeError):
            raise UnclearAnswer("list of API groups: a group has no version.") from None
        return list(dict.fromkeys(["v1", *found]))

    def _kinds_of(self, api_version: str, must_exist: bool = False) -> list[dict]:
        """The kinds of a group's version, by the API server's own list; [] where it has no such version."""
        what = f"list of kinds of {api_version}"
        path = f"/{'apis' if '/' in api_version else 'api'}/{api_version}"
        try:
            answer = self._ask(what, lambda: self._request(path), NotFoundError)
        except NotFoundError as error:
            if must_exist or api_version in self._versions():
                raise UnclearAnswer(f"{what}: {reason(error)}.") from None
            return []
        entries = answer.get("resources") if isinstance(answer, dict) else None
        if not isinstance(entries, list) or not all(
            isinstance(entry, dict) and entry.get("name") and entry.get("kind") for entry in entries
        ):
            raise UnclearAnswer(f"{what}: the answer is no such list ({short(answer)}).")
        return entries

    def _not_known(self, resource: t.Any, what: str, error: Exception) -> None:
        """None where the API server no longer knows the kind; what was known of it may be old."""
        version = f"{resource.group}/{resource.api_version}" if resource.group else resource.api_version
        if resource.kind in {entry["kind"] for entry in self._kinds_of(version)}:
            raise UnclearAnswer(f"{what}: {reason(error)}.") from None

    def _get(self, resource: t.Any, **words: t.Any) -> t.Any:
        return self._client.get(resource, serialize=False, _request_timeout=self._seconds, **words)

    def _request(self, path: str) -> t.Any:
        return self._client.client.request("get", path, serialize=False, _request_timeout=self._seconds)

    def _ask(self, what: str, question: t.Callable[[], t.Any], *expected: type[Exception]) -> t.Any:
        """The answer as plain values, or a resource; expected errors are left to who asks."""
        try:
            answer = question()
            if not (hasattr(answer, "data") and hasattr(answer, "status")):
                return answer
            if answer.headers.get("Date"):
                self.server_time = parsedate_to_datetime(answer.headers["Date"]).timestamp()
            return json.loads(answer.data)
        except expected:
            raise
        except DynamicApiError as error:
            refused = error.status == 403 and stated(error.body) == "Forbidden"
            raise (NotAllowed if refused else UnclearAnswer)(f"{what}: {reason(error)}.") from error
        except (HTTPError, OSError) as error:
            raise UnclearAnswer(f"{what}: no answer ({error}).") from error
        except ResourceNotFoundError as error:
            raise UnclearAnswer(f"{what}: the cluster does not know its kind.") from error
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise UnclearAnswer(f"{what}: the answer is garbage ({type(error).__name__}).") from error
