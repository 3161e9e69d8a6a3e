# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema periods of an existing Loki: from when on its lines lie in which form. Private to the collection."""

from __future__ import annotations

import base64
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.loki.existing import on_s3
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError

try:
    import yaml
except ImportError:  # connected_client reports it
    yaml = None

# Names of the stores that the role configures, as a period may name them.
_STORES = {True: ("s3", "aws"), False: ("filesystem",)}


def periods(reader: Reader, namespace: str, kind: str) -> list[dict[str, t.Any]]:
    """Those of the Loki in a namespace, to be kept by one of this kind; none where it is not the chart's, or not configured."""
    text = _configuration(reader, namespace)
    found = ((yaml.safe_load(text) or {}).get("schema_config") or {}).get("configs") or [] if text else []
    others = sorted({str(one.get("object_store")) for one in found} - set(_STORES[on_s3(kind)]))
    if others:
        raise WorkError(
            f"loki_stack_take_ownership: schema periods of the Loki in namespace {namespace} keep their lines in {', '.join(others)} "
            f"(asked for: {' or '.join(_STORES[on_s3(kind)])}), where the new one would not find them. Expected periods in the store "
            "that is asked for. Nothing was changed. Fix: set loki_stack_mode and loki_stack_s3_bucket to the existing store, or "
            "install in another namespace."
        )
    # YAML reads the day as a date.
    return [{**one, "from": str(one["from"])} for one in found]


def _configuration(reader: Reader, namespace: str) -> str:
    found = reader.one("ConfigMap", "v1", "loki", namespace)
    if found:
        return (found.get("data") or {}).get("config.yaml") or ""
    found = reader.one("Secret", "v1", "loki", namespace) or {}
    return base64.b64decode((found.get("data") or {}).get("config.yaml") or "").decode()
