# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Lease of a lock as an object. Private to the collection.

Needs Python's own library alone: it also runs in the pod that renews certificates.
"""

from __future__ import annotations

import json

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock.lock import Record

# A Lease of the namespace in which nothing of the control plane elects anybody; it cannot be removed.
NAMESPACE = "default"
NAME = "runtime-security"
LABELS = {"app.kubernetes.io/managed-by": "runtime_security.kubernetes"}
ANNOTATION = "runtime-security/run"
# What the fields of a Lease have no place for.
_ANNOTATED = ("user", "host", "machine", "pid", "process_start", "playbook")


def lease(record: Record, before: dict, name: str) -> dict:
    """The Lease of a record; before is the one that was read, {} where there is none."""
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": _metadata(record, before.get("metadata") or {}, name),
        "spec": {
            "holderIdentity": record.holder,
            "leaseDurationSeconds": record.seconds,
            "acquireTime": record.since,
            "renewTime": record.renewed,
            "leaseTransitions": _transitions(record, before.get("spec") or {}),
        },
    }


def _metadata(record: Record, before: dict, name: str) -> dict:
    """That of the Lease that was read, with what a holder says of itself."""
    details = {key: getattr(record, key) for key in _ANNOTATED}
    metadata = {"name": name, "labels": dict(before.get("labels") or {}, **LABELS)}
    metadata["annotations"] = dict(before.get("annotations") or {}, **{ANNOTATION: json.dumps(details)})
    # The API server refuses what was changed meanwhile.
    if before.get("resourceVersion"):
        metadata["resourceVersion"] = before["resourceVersion"]
    return metadata


def _transitions(record: Record, before: dict) -> int:
    count = before.get("leaseTransitions") or 0
    return count + 1 if before.get("holderIdentity") not in (None, "", record.holder) else count


def record_of(found: dict) -> Record:
    """Of a Lease, whoever wrote it."""
    spec = found.get("spec") or {}
    try:
        noted = json.loads((found["metadata"].get("annotations") or {})[ANNOTATION])
        details = {key: type(getattr(Record, key))(noted[key]) for key in _ANNOTATED}
    except (KeyError, TypeError, ValueError):
        details = {}
    return Record(
        holder=spec.get("holderIdentity") or "",
        since=spec.get("acquireTime") or "",
        renewed=spec.get("renewTime") or "",
        seconds=spec.get("leaseDurationSeconds") or Record.seconds,
        **details,
    )
