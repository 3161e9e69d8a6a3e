# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Kubernetes does not let anybody change in objects that exist. Private to the collection.

An upgrade that tries ends in the middle. Sources: validation of StatefulSets ("updates to statefulset spec for fields other
than ... are forbidden") and of claims ("spec is immutable after creation except resources.requests", "field can not be less
than previous value") in kubernetes/pkg/apis/{apps,core}/validation/validation.go; selectors of Deployments and DaemonSets in
https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#label-selector-updates.
"""

from __future__ import annotations

import typing as t
from decimal import Decimal, InvalidOperation

_UNITS = {
    **{unit: 1000**power for power, unit in enumerate(("", "k", "M", "G", "T", "P", "E"))},
    **{f"{unit}i": 1024**power for power, unit in enumerate(("K", "M", "G", "T", "P", "E"), start=1)},
}


class Change(t.NamedTuple):
    """A field that cannot change: of which object, which one, and both values in words.

    subject is size, storage_class, persistence or another word for what it is about.
    """

    place: str
    subject: str
    before: str
    after: str


def amount(quantity: object) -> Decimal | None:
    """A Kubernetes quantity as a number of bytes; None where it is none.

    >>> amount("1Gi") == amount("1024Mi")
    True
    """
    text = str(quantity)
    digits = text.rstrip("kKMGTPEi")
    try:
        return Decimal(digits) * _UNITS[text[len(digits) :]]
    except (InvalidOperation, KeyError):
        return None


def changes(before: t.Iterable[dict], after: t.Iterable[dict], namespace: str) -> list[Change]:
    """What an upgrade from some objects to others would change against Kubernetes' rules; each object by kind and name."""
    old = {_key(one, namespace): one for one in before if _is_object(one)}
    found = []
    for one in after:
        key = _key(one, namespace) if _is_object(one) else None
        if key in old:
            found += _compared(old[key], one, f"{one['kind']} {key[1]}/{key[2]}")
    return found


def _is_object(one: object) -> bool:
    return isinstance(one, dict) and isinstance(one.get("metadata"), dict) and bool(one.get("kind"))


def _key(one: dict, namespace: str) -> tuple[str, str, str]:
    metadata = one["metadata"]
    return str(one["kind"]), str(metadata.get("namespace") or namespace), str(metadata.get("name"))


def _compared(old: dict, new: dict, place: str) -> list[Change]:
    before, after = old.get("spec") or {}, new.get("spec") or {}
    if old["kind"] == "PersistentVolumeClaim":
        return _claim(before, after, place, grows=True)
    found = []
    if old["kind"] == "StatefulSet":
        claims = [
            {one["metadata"]["name"]: one.get("spec") or {} for one in spec.get("volumeClaimTemplates") or []}
            for spec in (before, after)
        ]
        if claims[0].keys() != claims[1].keys():
            found.append(Change(place, "persistence", *(", ".join(sorted(names)) or "no volume" for names in claims)))
        for name in sorted(claims[0].keys() & claims[1].keys()):
            found += _claim(claims[0][name], claims[1][name], f"{place}, volume {name}", grows=False)
        found += _fields(before, after, place, ("serviceName", "podManagementPolicy"))
    if old["kind"] in ("DaemonSet", "Deployment", "StatefulSet"):
        found += _fields(before, after, place, ("selector",))
    return found


def _fields(before: dict, after: dict, place: str, names: tuple[str, ...]) -> list[Change]:
    return [
        Change(place, name, str(before.get(name)), str(after.get(name)))
        for name in names
        if before.get(name) != after.get(name)
    ]


def _claim(before: dict, after: dict, place: str, grows: bool) -> list[Change]:
    """A claim may grow; one that a StatefulSet makes may not even do that."""
    found = []
    sizes = [((spec.get("resources") or {}).get("requests") or {}).get("storage") for spec in (before, after)]
    numbers = [amount(size) for size in sizes]
    if None not in numbers and (numbers[1] < numbers[0] or (not grows and numbers[1] != numbers[0])):
        found.append(Change(place, "size", *map(str, sizes)))
    classes = [spec.get("storageClassName") for spec in (before, after)]
    if classes[0] != classes[1]:
        found.append(Change(place, "storage_class", *(one or "the default class" for one in classes)))
    return found + [
        Change(place, "accessModes", str(before.get("accessModes")), str(after.get("accessModes")))
        for _once in range(before.get("accessModes") != after.get("accessModes"))
    ]


def message(change: Change, release: str, namespace: str, variables: dict[str, str]) -> str:
    """A change in words; variables are the names of the variables by subject, "values" the one of the chart's values."""
    name = variables.get(change.subject) or variables.get("values") or f"release {release}"
    if change.subject in ("size", "storage_class") and change.subject in variables:
        remedy = f"set {name} to {change.before}"
    else:
        remedy = f"set {name} so that the release keeps it"
    return (
        f"{name}: {change.subject} of {change.place} cannot change to {change.after}. Expected {change.before}, which the "
        f"release has: Kubernetes changes it in no object that exists. Fix: {remedy}, or back up its data and uninstall the "
        f"release (helm uninstall {release} --namespace {namespace})."
    )
