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


def digest_of_record(record: str) -> str:
    """That of a release which is deployed, from the record in Helm's Secret, or nothing when it is not deployed.

    The record is JSON, compressed, in Base64, which the Secret encodes once more
    (helm.sh/helm/v3/pkg/storage/driver/util.go).
    """
    release = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(record))))
    if release["info"]["status"] != "deployed":
        return ""
    metadata = release["chart"]["metadata"]
    return digest(metadata["name"], metadata["version"], release.get("config"))


def changed_paths(before: object, after: object, path: str = "") -> list[str]:
    """Where two values differ, as paths with dots. Lists are compared as a whole."""
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        return [] if plain(before) == plain(after) else [path]
    return [
        found
        for key in sorted({*before, *after}, key=str)
        for found in changed_paths(before.get(key), after.get(key), f"{path}.{key}" if path else str(key))
    ]
