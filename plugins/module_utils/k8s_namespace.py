# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of k8s_namespace. Private to the collection."""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import connection
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader, UnclearAnswer
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.namespace_contents import objects
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.object_comparison import diff
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.object_writer import Change, Writer
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.owned_objects import (
    OWNER,
    NotOurs,
    Remover,
    is_ending,
    is_owned,
    place,
    settled,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

ARGUMENTS = {
    **connection.ARGUMENTS,
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "labels": {"type": "dict", "default": {}},
    "owner": {"type": "dict", "default": OWNER},
    "removed_releases": {"type": "raw", "default": []},
    "wait_timeout": {"type": "int", "default": 120},
}
# Labels and annotations that name a release: of a chart's objects, of claims, of Helm's Secrets, of our ConfigMaps.
_RELEASE_WORDS = ("meta.helm.sh/release-name", "app.kubernetes.io/instance", "name", "runtime-security/release")


def run(params: dict, mode: Mode) -> dict:
    """Create, label or remove the namespace."""
    with connection.connected_client(params) as client:
        try:
            return (absent if params["state"] == "absent" else present)(Reader(client), params, mode)
        except UnclearAnswer as error:
            raise WorkError(f"Namespace {params['name']}: what the cluster answers is not clear. {error}") from error


def announce(params: dict) -> dict:
    """In a cluster that does not exist yet there is no namespace."""
    mode = Mode(check=True, diff=True)
    if params["state"] == "absent":
        return result(params, mode)
    return result(params, mode, Change(f"Namespace {params['name']}", {}, _definition(params)))


def present(reader: Reader, params: dict, mode: Mode) -> dict:
    """Create the namespace, or give one of the owner's the labels that it lacks."""
    definition = _definition(params)
    # Nothing can be created in one that is being deleted.
    found = settled(reader, definition, 0 if mode.check else params["wait_timeout"])
    if found is not None and not is_ending(found) and not is_owned(found, params["owner"]):
        refuse_conflicts(found, params)
        return result(params, mode, Change(place(found), found, found))
    return result(params, mode, Writer(reader, mode.check).write(definition, found, params["owner"]))


def absent(reader: Reader, params: dict, mode: Mode) -> dict:
    """Remove a namespace of the owner's, once nobody has anything in it."""
    name, owner = params["name"], params["owner"]
    found = reader.one("Namespace", "v1", name)
    if found is None or not is_owned(found, owner):
        return result(params, mode, Change(f"Namespace {name}", found or {}, found or {}))
    # In a dry run the objects of earlier tasks still exist.
    ignored = _ignored(params) if mode.check else []
    try:
        remaining = [] if is_ending(found) else objects(reader, name, ignored)
    except UnclearAnswer as error:
        raise WorkError(
            f"What is in namespace {name} is not clear, so it stays. {error} Fix: see that every API group answers (kubectl "
            "get apiservices) and that this account may list every kind in it, then run again."
        ) from error
    if remaining:
        said = f"Namespace {name} stays. In it are {', '.join(remaining)}."
        kept = {**result(params, mode, Change(place(found), found, found)), "remaining": remaining}
        # What is in it in a dry run may be what other tasks of the run would have removed.
        return kept if mode.check else {**kept, "warnings": [said]}
    if not mode.check:
        Remover(reader, params["wait_timeout"], wait=True).remove([found])
    return result(params, mode, Change(place(found), found, {}))


def refuse_conflicts(found: dict, params: dict) -> None:
    """Raise NotOurs where the namespace of others has a label with another value: the pods could not start in it."""
    name, wanted = params["name"], params["labels"]
    current = found["metadata"].get("labels") or {}
    conflicts = [f"{key}={current[key]}" for key in wanted if key in current and current[key] != wanted[key]]
    if conflicts:
        labels = [f"{key}={value}" for key, value in wanted.items()]
        raise NotOurs(
            f"Namespace {name}: not created by this collection, and its labels do not fit ({', '.join(conflicts)}). Expected "
            f"{', '.join(labels)}. Nothing was changed. Fix: kubectl label --overwrite namespace {name} {' '.join(labels)}, or "
            "choose another namespace."
        )


def result(params: dict, mode: Mode, change: Change | None = None) -> dict:
    """What the module returns."""
    place_, before, after = change or Change("", {}, {})
    changed = change is not None and change.changed
    now = after or before
    return {
        "changed": changed,
        "created": bool(after) and not before,
        "owned": bool(now) and is_owned(now, params["owner"]),
        "labels": (after.get("metadata") or {}).get("labels") or {},
        "remaining": [],
        **({"diff": [diff(place_, before, after)]} if mode.diff and changed else {}),
    }


def _definition(params: dict) -> dict:
    labels = {**params["labels"], **params["owner"]}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": params["name"], "labels": labels}}


def _ignored(params: dict) -> list[str]:
    """Labels and annotations of objects that a run would have removed."""
    removed = params["removed_releases"]
    if isinstance(removed, dict):
        removed = [name for name, release in removed.items() if release["status"] == "absent"]
    releases = [f"{word}={name}" for word in _RELEASE_WORDS for name in removed]
    return releases + [f"{key}={value}" for key, value in params["owner"].items()]
