# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares objects with their definitions, and shows the difference without secrets. Private to the collection.

A definition names the fields that matter to its author; an object has more. What others set, and what the API server adds,
is no difference. A field that a definition sets to null is to be absent.
"""

from __future__ import annotations

import base64
import json
import typing as t

# Set by the API server itself; a change of these is no difference.
BOOKKEEPING = ("generation", "managedFields", "resourceVersion")
# Here kubectl keeps a copy of the whole object.
_COPY = "kubectl.kubernetes.io/last-applied-configuration"
HIDDEN = "(hidden)"


def normal(definition: dict) -> dict:
    """A definition in plain types, as the API server would return it: stringData of a Secret is in its data.

    >>> normal({"kind": "Secret", "stringData": {"word": "a"}})
    {'kind': 'Secret', 'data': {'word': 'YQ=='}}
    """
    # Values of YAML that are no JSON, as dates, are meant as they are written.
    plain = json.loads(json.dumps(definition, default=str))
    texts = plain.pop("stringData", None) if plain.get("kind") == "Secret" else None
    if texts:
        encoded = {key: base64.b64encode(str(text).encode()).decode() for key, text in texts.items()}
        plain["data"] = {**(plain.get("data") or {}), **encoded}
    return plain


def holds(found: t.Any, wanted: t.Any) -> bool:
    """Whether what is found has all that is wanted; it may have more.

    A list has to have the same entries, except one whose entries have names, as containers: there entries of others do not
    count. Values are compared as they are written, so "1000m" differs from "1".
    """
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(holds(found.get(key), wanted[key]) for key in wanted)
    if isinstance(wanted, list):
        # The API server omits empty lists.
        found = [] if found is None else found
        if _named(wanted) and _named(found):
            by_name = {entry["name"]: entry for entry in found}
            return all(holds(by_name.get(entry["name"]), entry) for entry in wanted)
        return isinstance(found, list) and len(found) == len(wanted) and all(map(holds, found, wanted))
    return found == wanted


def patch(found: dict, wanted: dict) -> dict:
    """A merge patch (RFC 7396) after which found holds all that is wanted.

    >>> patch({"data": {"a": "1", "b": "2", "c": "3"}}, {"data": {"a": "1", "b": None, "c": "4"}})
    {'data': {'b': None, 'c': '4'}}
    """
    return {key: _value(found.get(key), wanted[key]) for key in wanted if not holds(found.get(key), wanted[key])}


def _value(found: t.Any, wanted: t.Any) -> t.Any:
    if isinstance(found, dict) and isinstance(wanted, dict):
        return patch(found, wanted)
    # A merge patch replaces a list as a whole, so the entries of others have to be in it.
    return _merged(found, wanted) if isinstance(wanted, list) else wanted


def _merged(found: t.Any, wanted: t.Any) -> t.Any:
    """What is wanted in the place of what is found, with what others have in it."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        both = {key: _merged(found.get(key), wanted[key]) for key in wanted}
        return without_nulls({**found, **both})
    if _named(found) and _named(wanted):
        wanted_by_name = {entry["name"]: entry for entry in wanted}
        kept = [_merged(entry, wanted_by_name.pop(entry["name"], {})) for entry in found]
        return kept + [without_nulls(entry) for entry in wanted_by_name.values()]
    return without_nulls(wanted)


def _named(entries: t.Any) -> bool:
    """Whether a list is one of things with names, each another one."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) and "name" in entry for entry in entries):
        return False
    return 0 < len(entries) == len({str(entry["name"]) for entry in entries})


def without_nulls(value: t.Any) -> t.Any:
    """A definition without its fields that are null, as the API server takes a new object.

    >>> without_nulls({"data": {"a": "1", "b": None}, "list": [{"c": None}]})
    {'data': {'a': '1'}, 'list': [{}]}
    """
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


def differences(before: t.Any, after: t.Any) -> tuple[t.Any, t.Any]:
    """The parts of two values that differ; fields that are in both and the same are in neither.

    >>> differences({"a": 1, "b": {"c": 2, "d": 3}}, {"a": 1, "b": {"c": 4, "d": 3}})
    ({'b': {'c': 2}}, {'b': {'c': 4}})
    """
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return before, after
    parts: tuple[dict, dict] = ({}, {})
    for key in {**before, **after}:
        if key in before and key in after:
            if before[key] != after[key]:
                parts[0][key], parts[1][key] = differences(before[key], after[key])
        else:
            for part, whole in zip(parts, (before, after)):
                if key in whole:
                    part[key] = whole[key]
    return parts


def without_bookkeeping(found: dict) -> dict:
    """An object without what the API server notes about each change."""
    metadata = {key: value for key, value in (found.get("metadata") or {}).items() if key not in BOOKKEEPING}
    return {**found, "metadata": metadata} if found else {}


def shown(found: dict, mark: str = HIDDEN) -> dict:
    """An object as it may be printed: of a Secret's data only the keys."""
    if not isinstance(found, dict) or found.get("kind") != "Secret":
        return found
    hidden = {
        field: dict.fromkeys(found[field], mark)
        for field in ("data", "stringData")
        if isinstance(found.get(field), dict)
    }
    metadata = found.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if isinstance(annotations, dict) and _COPY in annotations:
        hidden["metadata"] = {**metadata, "annotations": {**annotations, _COPY: mark}}
    return {**found, **hidden}


def diff(place: str, before: dict, after: dict) -> dict:
    """What --diff shows of a change; {} means an object that does not exist."""
    old, new = differences(without_bookkeeping(before), without_bookkeeping(after))
    kind = {"kind": (after or before).get("kind")}
    shown_old, shown_new = shown({**old, **kind}, "(hidden, before)"), shown({**new, **kind}, "(hidden, after)")
    if before and after:
        del shown_old["kind"], shown_new["kind"]
    return {
        "before_header": place,
        "after_header": place,
        "before": shown_old if before else {},
        "after": shown_new if after else {},
    }
