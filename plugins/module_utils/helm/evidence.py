# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the cluster states of releases, read at the moment of use. Private to the collection."""

from __future__ import annotations

import enum
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import (
    NotAllowed,
    Reader,
    UnclearAnswer,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm import records
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.comparison import decoded_record, part

# A record may be replaced between the list that has it and the question for it; then the list is asked for again.
_TRIES = 3


class Owner(enum.Enum):
    """Whose a release is."""

    NOBODY = "there is no such release"
    MANAGED = "this collection manages it"
    FOREIGN = "this collection does not manage it"
    HIDDEN = "the account may not see it"


class Content(t.NamedTuple):
    """What the record of a release's newest revision says."""

    chart: str
    version: str
    values: dict
    manifest: str


class Found(t.NamedTuple):
    """One release."""

    name: str
    owner: Owner
    # Whether its mark exists, with or without a record of Helm.
    marked: bool = False
    # Where this collection set values last, as JSON pointers; None where that was not noted, then all are its own.
    paths: list[str] | None = None
    # The newest revision, 0 where there is none, and its status.
    revision: int = 0
    status: str = ""
    # The revision to go back to, and the seconds since the newest one was written.
    last_deployed: int = 0
    idle: int = 0
    # None where it was not read or may not be read.
    content: Content | None = None

    @property
    def exists(self) -> bool:
        return self.revision > 0

    @property
    def interrupted(self) -> bool:
        """Whether the last operation did not end well."""
        return self.status in records.INTERRUPTED


class Evidence(t.NamedTuple):
    """The releases that were asked for, by name, and others of the same names that this collection manages elsewhere."""

    releases: dict[str, Found]
    # Namespaces by release.
    elsewhere: dict[str, list[str]]
    # Whether all namespaces were looked into.
    everywhere: bool


class _Replaced(Exception):
    """A record went while it was read."""


def read(
    reader: Reader,
    namespace: str,
    names: list[str],
    taken: t.Callable[[str], bool],
    contents: bool = True,
    everywhere: bool = False,
) -> Evidence:
    """What is there; raises UnclearAnswer where nothing can be concluded.

    taken tells which releases are taken over although this collection does not manage them. The content of records is read of
    these and of managed ones. everywhere: also look for releases of these names in other namespaces, as far as the account may.
    """
    for _try in range(_TRIES):
        try:
            return _read(reader, namespace, names, taken, contents, everywhere)
        except _Replaced as error:
            last = error
    raise UnclearAnswer(f"{last}: the list of Secrets says something else of it, {_TRIES} times.")


def _read(reader, namespace, names, taken, contents, everywhere) -> Evidence:
    if not names:
        return Evidence({}, {}, everywhere)
    listed = records.read(reader, names, [namespace], everywhere)
    history = records.histories(listed.secrets)
    here = {key: entries for key, entries in history.items() if key.startswith(f"{namespace}/")}
    managed = records.ownership(reader, here, listed.marks)
    paths = records.managed_paths(listed.marks)
    found = {}
    for name in names:
        key = f"{namespace}/{name}"
        if listed.hidden:
            found[name] = Found(name, Owner.HIDDEN)
        elif key not in here:
            found[name] = Found(name, Owner.NOBODY, key in paths, paths.get(key))
        else:
            one = _existing(reader, name, here[key], managed[key], paths.get(key) if managed[key] else [])
            wanted = contents and (managed[key] or taken(name))
            found[name] = _with_content(reader, one, here[key][-1]) if wanted else one
    others = {
        name: sorted(
            place
            for place, _slash, release in (key.partition("/") for key in history if key in paths)
            if release == name and place != namespace
        )
        for name in names
    }
    return Evidence(found, {name: places for name, places in others.items() if places}, listed.everywhere)


def _existing(reader: Reader, name: str, history: list[dict], managed: bool, paths: list[str] | None) -> Found:
    newest = history[-1]
    return Found(
        name,
        Owner.MANAGED if managed else Owner.FOREIGN,
        managed,
        paths,
        int(newest["labels"]["version"]),
        newest["labels"]["status"],
        records.last_deployed(history),
        records.idle_seconds(newest, reader.server_time),
    )


def _with_content(reader: Reader, found: Found, metadata: dict) -> Found:
    """The same with what its record says, as far as the account may read it.

    Of the paths those go that a deployed release no longer has.
    """
    place = f"Secret {metadata['namespace']}/{metadata['name']}"
    try:
        secret = reader.one("Secret", "v1", metadata["name"], metadata["namespace"])
    except NotAllowed:
        return found
    if secret is None:
        raise _Replaced(place)
    try:
        record = decoded_record(secret["data"]["release"])
        chart = record["chart"]["metadata"]
        values = dict(record.get("config") or {})
        content = Content(str(chart["name"]), str(chart["version"]), values, str(record.get("manifest") or ""))
        status = record["info"]["status"]
    except (AttributeError, EOFError, KeyError, OSError, TypeError, ValueError) as error:
        raise UnclearAnswer(f"{place}: no record of Helm.") from error
    if status != found.status:
        # It was written between the list and the question.
        raise _Replaced(place)
    paths = found.paths
    if paths and status == "deployed":
        paths = [path for path in paths if part(values, [path])]
    return found._replace(content=content, paths=paths)
