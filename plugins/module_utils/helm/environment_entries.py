# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Corrects what Helm's patch does to two entries of one name in a container's environment. Private to the collection.

Kubernetes keeps both in a new object, and the later one holds; a value that overrides what a chart sets relies on it (chart falco has
HOST_ROOT). In an existing object Helm, by its three-way patch, merges entries by name: a second entry that is added has no effect, one that
changes may change the first of both, and one that goes takes both with it. tests/live/audit/test_environment_entries.py has the cases.
"""

from __future__ import annotations

import copy
import re
import typing as t

try:
    import yaml
except ImportError:  # connected_client reports it
    yaml = None

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader, UnclearAnswer
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.evidence import Content
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.object_writer import Writer

_WORKLOAD = re.compile(r"^kind: *['\"]?(?:DaemonSet|Deployment|StatefulSet)\b", re.MULTILINE)
# A workload that somebody changes at the same time is read and corrected again this often.
_TRIES = 5
_LISTS = ("initContainers", "containers")
# Kind, namespace, name, list of containers, name of the container.
Place = tuple[str, str, str, str, str]


class Revisions(t.NamedTuple):
    """The newest revision of a release, and the one before where that is known."""

    now: Content
    before: Content | None = None


def wrong(reader: Reader, namespace: str, revisions: Revisions) -> list[dict]:
    """Existing workloads of a release with wrong entries: what to set in them.

    Only names count that are repeated in a container of one of the revisions.
    """
    environments = _environments(revisions.now.manifest, namespace)
    repeated = _repeated(environments)
    earlier = _environments(revisions.before.manifest, namespace) if revisions.before else {}
    for place, names in _repeated(earlier).items():
        if place in environments:
            repeated.setdefault(place, set()).update(names)
    found = []
    for kind, space, name in sorted({place[:3] for place in repeated}):
        there = reader.one(kind, "apps/v1", name, space)
        places = {place: names for place, names in repeated.items() if place[:3] == (kind, space, name)}
        corrected = _corrected(there, places, environments) if there else None
        if corrected:
            found.append(corrected)
    return found


def correct(reader: Reader, namespace: str, revisions: Revisions) -> None:
    """Set in them what wrong returns."""
    writer = Writer(reader)
    for _try in range(_TRIES):
        # A controller writes the status of a workload at the same time.
        if all(writer.set_fields(one) for one in wrong(reader, namespace, revisions)):
            return
    raise UnclearAnswer("environment of a release's workloads: somebody changes them all the time.")


def entries(wanted: list[dict], existing: list[dict], names: set[str]) -> list[dict]:
    """Of a container's environment one entry for each name: those of names as they are wanted, all others as they exist.

    >>> entries([{"name": "A", "value": "1"}, {"name": "A", "value": "2"}], [{"name": "A", "value": "1"}], {"A"})
    [{'name': 'A', 'value': '2'}]
    """
    order: dict[str, dict] = {}
    for entry in wanted:
        # Where the entry stands that holds, which may refer to those before it.
        order.pop(entry["name"], None)
        order[entry["name"]] = entry
    others = {entry["name"]: entry for entry in existing if entry["name"] not in names}
    mine = [entry if name in names else others.pop(name, None) for name, entry in order.items()]
    return [entry for entry in mine if entry is not None] + list(others.values())


def _environments(manifest: str, namespace: str) -> dict[Place, list[dict]]:
    """The environment of each container of a manifest's workloads."""
    found: dict[Place, list[dict]] = {}
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for document in re.split(r"^---.*$", manifest, flags=re.MULTILINE):
        if not _WORKLOAD.search(document):
            continue
        workload = yaml.load(document, Loader=loader)
        metadata = workload["metadata"]
        pod = workload["spec"]["template"]["spec"]
        for kind in _LISTS:
            for container in pod.get(kind) or []:
                place = (
                    workload["kind"],
                    metadata.get("namespace") or namespace,
                    metadata["name"],
                    kind,
                    container["name"],
                )
                found[place] = container.get("env") or []
    return found


def _repeated(environments: dict[Place, list[dict]]) -> dict[Place, set[str]]:
    found = {}
    for place, environment in environments.items():
        names = [entry["name"] for entry in environment]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            found[place] = twice
    return found


def _corrected(there: dict, places: dict[Place, set[str]], environments: dict[Place, list[dict]]) -> dict | None:
    """The lists of containers of an existing workload with the entries that its release has; None where none is wrong."""
    pod = copy.deepcopy(there["spec"]["template"]["spec"])
    for place, names in places.items():
        for container in pod.get(place[3]) or []:
            existing = container.get("env") or []
            if container["name"] == place[4] and _holding(existing, names) != _holding(environments[place], names):
                container["env"] = entries(environments[place], existing, names)
    if pod == there["spec"]["template"]["spec"]:
        return None
    metadata = {
        key: value for key, value in there["metadata"].items() if key in ("name", "namespace", "resourceVersion")
    }
    lists = {kind: pod[kind] for kind in _LISTS if kind in pod}
    return {
        "apiVersion": "apps/v1",
        "kind": there["kind"],
        "metadata": metadata,
        "spec": {"template": {"spec": lists}},
    }


def _holding(environment: list[dict], names: set[str]) -> dict[str, object]:
    """What holds for each of names, the same from a manifest and from the API server, which adds defaults."""
    found = {}
    for entry in environment:
        if entry["name"] in names:
            source = copy.deepcopy(entry.get("valueFrom")) or None
            if source and source.get("fieldRef"):
                source["fieldRef"].setdefault("apiVersion", "v1")
            found[entry["name"]] = (entry.get("value") or "", source)
    return found
