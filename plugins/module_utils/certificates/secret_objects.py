# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Secrets of certificates as objects, and what reads and writes them. Private to the collection.

Needs Python's own library alone: it also runs in the pod that renews certificates.
"""

from __future__ import annotations

import base64
import binascii
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.plan import Data, Stored
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.wanted import Place

# On the CA's Secret: the Secrets of the certificates that it signs, NAMESPACE/NAME with commas between.
CERTIFICATES = "runtime-security/certificates"


class Store(t.Protocol):
    """Reads all Secrets once, then writes them one after the other; each call raises WorkError where it cannot."""

    def read(self, places: t.Iterable[Place]) -> Stored:
        """The data of those that exist."""

    def listed(self, place: Place) -> list[str] | None:
        """The list of certificates on a CA's Secret that was read."""

    def write(self, place: Place, data: Data, certificates: list[str] | None = None) -> None:
        """Bring a Secret to this data, and the list on a CA's."""

    def remove(self, place: Place) -> None:
        """Remove one that was read."""


def definition(place: Place) -> dict:
    """A Secret that does not exist yet."""
    metadata = {"name": place.secret, "namespace": place.namespace}
    return {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": metadata}


def with_data(found: dict, data: Data, owner: dict[str, str], certificates: list[str] | None) -> dict:
    """A Secret with this data. The version that was read is part of it: one that was changed meanwhile is not overwritten."""
    metadata = dict(found["metadata"])
    metadata["labels"] = {**(metadata.get("labels") or {}), **owner}
    if certificates is not None:
        metadata["annotations"] = {**(metadata.get("annotations") or {}), CERTIFICATES: ",".join(certificates)}
    encoded = {key: base64.b64encode(value).decode() for key, value in sorted(data.items())}
    return {**found, "metadata": metadata, "data": encoded}


def listed(secret: dict) -> list[str] | None:
    """The Secrets that a CA's Secret names; None where it was not written by this module."""
    annotations = (secret.get("metadata") or {}).get("annotations") or {}
    text = annotations.get(CERTIFICATES)
    return None if text is None else [place for place in text.split(",") if place]


def decoded(secret: dict) -> Data:
    """The data of a Secret; an entry that is not Base64 is empty."""
    data = secret.get("data") or {}
    return {key: _decoded(value) for key, value in data.items()}


def _decoded(value: t.Any) -> bytes:
    try:
        return base64.b64decode(value)
    except (binascii.Error, TypeError, ValueError):
        return b""
