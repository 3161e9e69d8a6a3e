# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helm's records of releases, and the marks beside those that this collection manages. Private to the collection.

Helm keeps a Secret for each revision of a release. A mark is a ConfigMap; it is written before Helm begins.
"""

from __future__ import annotations

import calendar
import json
import time
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import (
    NotAllowed,
    Reader,
    UnclearAnswer,
)

# The label of a mark; its value is the release's name.
MARK = "runtime-security/release"
MARK_NAME = "runtime-security-release-%s"
# A mark's annotation: the paths of the values that were set last, as a JSON list.
PATHS = "runtime-security/values"
# helm.sh/helm/v3/pkg/release/status.go
INTERRUPTED = ("failed", "pending-install", "pending-rollback", "pending-upgrade", "uninstalling")
STATUSES = (*INTERRUPTED, "deployed", "superseded", "uninstalled", "unknown")
# What Helm writes on each object that it makes (helm.sh/helm/v3/pkg/action/validate.go).
RELEASE_NAME = "meta.helm.sh/release-name"
_WORKLOADS = ("DaemonSet", "Deployment", "StatefulSet")


class Records(t.NamedTuple):
    """Metadata of Helm's Secrets and of the marks, and the namespaces in which they may not be listed."""

    secrets: list[dict]
    marks: list[dict]
    hidden: list[str]
    everywhere: bool


def key(metadata: dict) -> str:
    """NAMESPACE/NAME of the release that a Secret or a mark is of."""
    labels = metadata["labels"]
    return f"{metadata['namespace']}/{labels.get(MARK) or labels['name']}"


def read(reader: Reader, names: t.Iterable[str], namespaces: list[str], everywhere: bool = True) -> Records:
    """Those of some releases in all namespaces; only in these where the account may not look everywhere, or need not."""
    try:
        if everywhere:
            secrets, marks = _traces(reader, names, None)
            return Records(secrets, marks, [], True)
    except NotAllowed:
        pass
    found = Records([], [], [], False)
    for namespace in namespaces:
        try:
            secrets, marks = _traces(reader, names, namespace)
        except NotAllowed:
            found.hidden.append(namespace)
            continue
        found.secrets.extend(secrets)
        found.marks.extend(marks)
    return found


def _traces(reader: Reader, names: t.Iterable[str], namespace: str | None) -> tuple[list[dict], list[dict]]:
    wanted = ",".join(names)
    secrets = reader.all("Secret", "v1", namespace, f"owner=helm,name in ({wanted})", metadata_only=True)
    marks = reader.all("ConfigMap", "v1", namespace, f"{MARK} in ({wanted})", metadata_only=True)
    return [_checked(one["metadata"], "name") for one in secrets], [_checked(one["metadata"], MARK) for one in marks]


def _checked(metadata: dict, label: str) -> dict:
    if not (metadata.get("labels") or {}).get(label) or not metadata.get("namespace"):
        raise UnclearAnswer(f"{metadata.get('name')}: it has no label {label}, which the API server was asked for.")
    return metadata


def histories(secrets: list[dict]) -> dict[str, list[dict]]:
    """The metadata of each revision's Secret, the newest last, by release.

    A history whose newest revision was replaced by a newer one lacks that one.
    """
    found: dict[str, list[dict]] = {}
    for metadata in secrets:
        labels = metadata["labels"]
        if not str(labels.get("version")).isdigit() or labels.get("status") not in STATUSES:
            raise UnclearAnswer(f"Secret {metadata['namespace']}/{metadata['name']}: no record of Helm.")
        found.setdefault(key(metadata), []).append(metadata)
    for name, entries in found.items():
        entries.sort(key=lambda metadata: int(metadata["labels"]["version"]))
        if entries[-1]["labels"]["status"] == "superseded":
            newest = entries[-1]["labels"]["version"]
            raise UnclearAnswer(
                f"release {name}: its newest revision is missing, {newest} was replaced by a newer one."
            )
    return found


def ownership(reader: Reader, found: dict[str, list[dict]], marks: list[dict]) -> dict[str, bool]:
    """For each release, whether this collection manages it. One that seems to be of others is looked at by name too."""
    ours = {key(mark) for mark in marks}
    for name in found.keys() - ours:
        namespace, _slash, release = name.partition("/")
        mark = reader.one("ConfigMap", "v1", MARK_NAME % release, namespace)
        if mark is not None and ((mark["metadata"].get("labels") or {}).get(MARK)) == release:
            raise UnclearAnswer(
                f"list of ConfigMaps: it lacks {MARK_NAME % release} in namespace {namespace}, which exists."
            )
    return {name: name in ours for name in sorted(found)}


def managed_paths(marks: list[dict]) -> dict[str, list[str] | None]:
    """The paths of the values that this collection set last, by release; None where that was not noted."""
    found: dict[str, list[str] | None] = {}
    for mark in marks:
        noted = (mark.get("annotations") or {}).get(PATHS)
        try:
            found[key(mark)] = None if noted is None else [str(path) for path in json.loads(noted)]
        except (TypeError, ValueError):
            raise UnclearAnswer(
                f"ConfigMap {mark['namespace']}/{mark['name']}: its annotation {PATHS} is no list."
            ) from None
    return found


def last_deployed(history: list[dict]) -> int:
    """The revision that was deployed last; the newest one where none ever was."""
    labels = [metadata["labels"] for metadata in history]
    good = [one for one in labels if one["status"] == "deployed"] or labels
    return int(good[-1]["version"])


def idle_seconds(metadata: dict, server_time: float | None) -> int:
    """Seconds since an object was last written, both by the API server's clock; 0 where that is not known."""
    times = [metadata.get("creationTimestamp"), *(entry.get("time") for entry in metadata.get("managedFields") or [])]
    try:
        written = [calendar.timegm(time.strptime(one, "%Y-%m-%dT%H:%M:%SZ")) for one in times if one]
    except (TypeError, ValueError):
        return 0
    return max(0, int(server_time - max(written))) if written and server_time is not None else 0


def unrecorded(reader: Reader, names: list[str], namespace: str) -> list[str]:
    """Of releases without a record those whose workloads exist.

    Records elsewhere (HELM_DRIVER) look so, and a list that lacks them.
    """
    annotated = {
        (one["metadata"].get("annotations") or {}).get(RELEASE_NAME)
        for kind in _WORKLOADS
        for one in reader.all(kind, "apps/v1", namespace, metadata_only=True)
        if not one["metadata"].get("deletionTimestamp")
    }
    return [name for name in names if name in annotated]
