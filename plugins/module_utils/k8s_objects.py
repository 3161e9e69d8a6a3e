# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of k8s_objects. Private to the collection."""

from __future__ import annotations

import typing as t
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import connection
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader, UnclearAnswer
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.object_comparison import diff, normal, shown
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.object_writer import Change, Writer
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.owned_objects import (
    Remover,
    is_ending,
    place,
    refuse_foreign,
    selected,
    settled,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

ARGUMENTS = {
    **connection.ARGUMENTS,
    "objects": {"type": "list", "elements": "dict", "required": True},
    "state": {"type": "str", "choices": ["present", "created", "patched", "absent"], "default": "present"},
    "owner": {"type": "dict", "default": {}},
    "exact": {"type": "bool", "default": False},
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 120},
}
# Questions to the API server at a time.
_SIDE_BY_SIDE = 4


def run(params: dict, mode: Mode) -> dict:
    """Write or remove the objects; what was done for each."""
    definitions = checked(params["objects"], params["state"])
    with connection.connected_client(params) as client:
        reader = Reader(client)
        try:
            if params["state"] == "absent":
                changes = remove(reader, definitions, params, mode.check)
            else:
                changes = write(reader, definitions, params, mode.check)
        except UnclearAnswer as error:
            raise WorkError(f"What the cluster answers is not clear, and nothing more was changed. {error}") from error
    return result(changes, mode)


def announce(params: dict) -> dict:
    """In a cluster that does not exist yet there is nothing to patch or remove, and all else is new."""
    definitions = checked(params["objects"], params["state"])
    return announced(definitions if params["state"] in ("present", "created") else [])


def announced(definitions: list[dict]) -> dict:
    """The result of a first run that creates these."""
    return result([Change(place(one), {}, one) for one in definitions], Mode(check=True, diff=True))


def masked(params: dict) -> dict:
    """The parameters as they may be printed."""
    return {**params, "objects": [shown(one) for one in params["objects"]]}


def result(changes: list[Change], mode: Mode) -> dict:
    """What the module returns."""
    changed = [change for change in changes if change.changed]
    return {
        "changed": bool(changed),
        "objects": [shown(change.after or _identity(change.before)) for change in changes],
        **({"diff": [diff(*change) for change in changed]} if mode.diff and changed else {}),
    }


def _identity(found: dict) -> dict:
    """Of an object that was removed all but its content."""
    return {key: found[key] for key in ("apiVersion", "kind", "metadata")}


def checked(definitions: list[dict], state: str) -> list[dict]:
    """The definitions in plain types; raises WorkError for one that names no object."""
    found = [normal(one) for one in definitions]
    for index, one in enumerate(found):
        metadata = one.get("metadata")
        lacks = [key for key in ("apiVersion", "kind") if not one.get(key)]
        if not isinstance(metadata, dict) or not (state == "absent" or {"name", "generateName"} & set(metadata)):
            lacks.append("metadata.name")
        if lacks:
            raise WorkError(
                f"objects[{index}]: {' and '.join(lacks)} missing. Expected an object with apiVersion, kind and metadata.name. "
                "Fix: add what is missing."
            )
    return found


def write(reader: Reader, definitions: list[dict], params: dict, dry: bool = False) -> list[Change]:
    """Write objects in their order, once it is clear that each may be written."""
    owner, state = params["owner"], params["state"]
    seconds = 0 if dry else params["wait_timeout"]
    found = side_by_side(reader, definitions, lambda reader, one: settled(reader, one, seconds))
    staying = [None if is_ending(now) else now for now in found]
    refuse_foreign(list(zip(definitions, staying)), owner, new=state == "created")
    if params.get("exact"):
        definitions = [exactly(definition, now) for definition, now in zip(definitions, staying)]
    writer = Writer(reader, dry)
    return [
        writer.write(definition, now, owner)
        for definition, now, stays in zip(definitions, found, staying)
        if stays is not None or state != "patched"
    ]


def exactly(definition: dict, found: dict | None) -> dict:
    """The definition, after which data has nothing else; {} and None mean an object that does not exist.

    >>> exactly({"data": {"a": "1"}}, {"data": {"a": "2", "b": "3"}})
    {'data': {'a': '1', 'b': None}}
    """
    wanted = definition.get("data") or {}
    others = [key for key in (found or {}).get("data") or {} if key not in wanted]
    return {**definition, "data": {**wanted, **dict.fromkeys(others)}} if others else definition


def remove(reader: Reader, definitions: list[dict], params: dict, dry: bool = False) -> list[Change]:
    """Remove objects in their order, once each was found."""
    listed = side_by_side(reader, definitions, lambda reader, one: selected(reader, one, params["owner"]))
    found = [one for several in listed for one in several]
    if not dry:
        Remover(reader, params["wait_timeout"], params["wait"]).remove(found)
    return [Change(place(one), one, {}) for one in found]


def side_by_side(reader: Reader, definitions: list[dict], question: t.Callable[[Reader, dict], t.Any]) -> list[t.Any]:
    """The answer for each definition, in their order."""
    # The client learns kinds one at a time.
    for one in definitions:
        resource, metadata = reader.resource(one["kind"], one["apiVersion"]), one["metadata"]
        if resource is not None and resource.namespaced and metadata.get("name") and not metadata.get("namespace"):
            raise WorkError(
                f"{place(one)}: no namespace, which objects of its kind have. Expected metadata.namespace. Nothing was changed. "
                "Fix: add it."
            )
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        return list(pool.map(lambda one: question(reader, one), definitions))
