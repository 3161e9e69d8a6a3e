# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Loki needs of a cluster before it is installed. Private to the collection."""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError

S3_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_DEFAULT = "storageclass.kubernetes.io/is-default-class"


def require_storage_class(reader: Reader, name: str) -> None:
    """Raise unless volume claims of this storage class ("" is the default one) get a volume."""
    classes = reader.all("StorageClass", "storage.k8s.io/v1", metadata_only=True)
    names = sorted(one["metadata"]["name"] for one in classes)
    defaults = [one for one in classes if (one["metadata"].get("annotations") or {}).get(_DEFAULT) == "true"]
    if name in names or (not name and defaults):
        return
    lacks = f"no storage class '{name}'" if name else "no default storage class"
    raise WorkError(
        f"loki_stack_persistence: the cluster has {lacks} (it has: {', '.join(names) or 'none'}). Expected one that provides "
        "Loki's volume. Nothing of Loki was changed. Fix: set loki_stack_persistence_storage_class to one that exists, or "
        "loki_stack_persistence to false: then all lines are lost whenever Loki's pod is replaced."
    )


def require_secret(reader: Reader, namespace: str, name: str) -> None:
    """Raise unless the Secret with the access key of the object store exists and has both parts of it."""
    found = reader.one("Secret", "v1", name, namespace) or {}
    lacks = [key for key in S3_KEYS if key not in (found.get("data") or {})]
    if lacks:
        state = f"Secret {namespace}/{name} lacks {' and '.join(lacks)}" if found else "no such Secret"
        raise WorkError(
            f"loki_stack_s3_secret: {state} ('{name}'). Expected a Secret in namespace {namespace} with the keys "
            f"{' and '.join(S3_KEYS)}. Nothing was changed. Fix: create it, or set loki_stack_s3_access_key and "
            "loki_stack_s3_secret_key."
        )
