# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Helm was asked for, as one short text that can be compared. Private to the collection."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping

# Up to here each whole number is a 64-bit float, which is what Helm keeps numbers in.
_EXACT = 2**53


def plain(value: object) -> object:
    """The same value whether it came from YAML or from Helm, which stores JSON: 1.0 is 1, and 2^60 is 1152921504606847000."""
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, int) and abs(value) > _EXACT:
        value = float(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def digest(chart: str, version: str, values: object) -> str:
    """Tells one request from another; the values stay out of what is kept."""
    return hashlib.sha256(json.dumps([chart, version, plain(values or {})], sort_keys=True).encode()).hexdigest()


def decoded_record(record: str) -> dict:
    """The release in the record of Helm's Secret, with its info, chart and config (the values that were given).

    The record is JSON, compressed, in Base64, which the Secret encodes once more
    (helm.sh/helm/v3/pkg/storage/driver/util.go).
    """
    return json.loads(gzip.decompress(base64.b64decode(base64.b64decode(record))))


def digest_of(release: Mapping, paths: list[str] | None = None) -> str:
    """The digest of a decoded record, or nothing when the release is not deployed.

    Of the values only those at paths count, the ones that this collection has set; None means all of them.
    """
    if release["info"]["status"] != "deployed":
        return ""
    metadata = release["chart"]["metadata"]
    values = release.get("config") or {}
    return digest(metadata["name"], metadata["version"], values if paths is None else part(values, paths))


def value_paths(values: Mapping, path: str = "") -> list[str]:
    """Where values are set, as JSON pointers (RFC 6901). A list, or an empty mapping, is one value.

    >>> value_paths({"a": {"b/c": 1}, "d": [1]})
    ['/a/b~1c', '/d']
    """
    found = []
    for key, value in values.items():
        place = f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}"
        found += value_paths(value, place) if isinstance(value, Mapping) and value else [place]
    return sorted(found)


def _keys(path: str) -> list[str]:
    return [key.replace("~1", "/").replace("~0", "~") for key in path.split("/")[1:]]


def part(values: Mapping, paths: list[str]) -> dict:
    """Of some values only those at these paths.

    >>> part({"a": {"b": 1, "c": 2}, "d": 3}, ["/a/b", "/x"])
    {'a': {'b': 1}}
    """
    found: dict = {}
    for keys in map(_keys, paths):
        there, target = values, found
        for key in keys[:-1]:
            there = there.get(key) if isinstance(there, Mapping) else None
        if isinstance(there, Mapping) and keys[-1] in there:
            for key in keys[:-1]:
                target = target.setdefault(key, {})
            value = there[keys[-1]]
            # An empty mapping sets nothing; what others have set below it is theirs.
            target[keys[-1]] = {} if isinstance(value, Mapping) else value
    return found


def merged(deployed: Mapping, paths: list[str] | None, wanted: Mapping) -> dict:
    """The values of the next revision: what is wanted, and of the deployed ones what others have set.

    paths are those that this collection set last; None means that all of the deployed values are its own.

    >>> merged({"a": {"b": 1, "c": 2}, "d": 3}, ["/a/b", "/d"], {"a": {"b": 4}})
    {'a': {'c': 2, 'b': 4}}
    """
    if paths is None:
        return dict(wanted)
    return _over(_without(deployed, [_keys(path) for path in paths]), wanted)


def _without(values: Mapping, paths: list[list[str]]) -> dict:
    found = {}
    for key, value in values.items():
        below = [keys[1:] for keys in paths if keys[:1] == [str(key)]]
        if [] not in below:
            found[key] = _without(value, below) if isinstance(value, Mapping) and below else value
        elif isinstance(value, Mapping) and value:
            # Ours was a mapping without entries, or another kind of value; these entries are of others.
            found[key] = dict(value)
    # A mapping that has lost its last entry goes too.
    return {key: value for key, value in found.items() if value != {} or values.get(key) == {}}


def _over(values: Mapping, wanted: Mapping) -> dict:
    found = dict(values)
    for key, value in wanted.items():
        old = found.get(key)
        found[key] = _over(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return found


def changed_paths(before: object, after: object, path: str = "") -> list[str]:
    """Where two values differ, as paths with dots. Lists are compared as a whole."""
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        return [] if plain(before) == plain(after) else [path]
    return [
        found
        for key in sorted({*before, *after}, key=str)
        for found in changed_paths(before.get(key), after.get(key), f"{path}.{key}" if path else str(key))
    ]
