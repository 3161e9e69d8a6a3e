# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes and removes the marks of releases. Private to the collection.

A mark says that this collection manages a release, and which of its values; it has no value itself.
"""

from __future__ import annotations

import json

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.records import MARK, MARK_NAME, PATHS
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.object_writer import Writer
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.owned_objects import (
    Remover,
    existing,
    is_owned,
)

# Seconds until a mark is gone.
_SECONDS = 30


def definition(namespace: str, name: str, paths: list[str]) -> dict:
    """The ConfigMap beside a release whose values at these paths are ours."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": MARK_NAME % name,
            "namespace": namespace,
            "labels": {MARK: name},
            "annotations": {PATHS: json.dumps(sorted(paths))},
        },
    }


def write(reader: Reader, namespace: str, paths: dict[str, list[str]]) -> None:
    """Create the marks of these releases, or change what they say."""
    writer = Writer(reader)
    for name, own in paths.items():
        wanted = definition(namespace, name, own)
        there = existing(reader, wanted)
        if there is None:
            writer.create(wanted)
        else:
            writer.change(wanted, there, {})


def remove(reader: Reader, namespace: str, names: list[str]) -> None:
    """Remove those of these releases that exist."""
    found = [(name, existing(reader, definition(namespace, name, []))) for name in names]
    Remover(reader, _SECONDS, wait=False).remove(
        [there for name, there in found if there is not None and is_owned(there, {MARK: name})]
    )
