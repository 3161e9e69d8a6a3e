# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of k8s_kinds_info. Private to the collection."""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import connection
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

_KIND = {name: {"type": "str", "required": True} for name in ("api_version", "kind")}
ARGUMENTS = {
    **connection.ARGUMENTS,
    "kinds": {"type": "list", "elements": "dict", "required": True, "options": _KIND},
    "required": {"type": "bool", "default": False},
    "variable": {"type": "str", "default": "kinds"},
}


def run(params: dict, mode: Mode) -> dict:
    """Whether the cluster serves all kinds."""
    with connection.connected_client(params) as client:
        reader = Reader(client)
        missing = [
            f"{one['kind']} ({one['api_version']})"
            for one in params["kinds"]
            if reader.resource(one["kind"], one["api_version"]) is None
        ]
    if missing and params["required"]:
        raise WorkError(
            f"{params['variable']}: the cluster does not serve {' and '.join(missing)}. Expected that it does. Nothing was changed. "
            f"Fix: install what defines the kind, or set {params['variable']} to another value."
        )
    return {"served": not missing, "missing": missing}


def announce(params: dict) -> dict:
    """A cluster that does not exist yet may serve none of them, and what is required is expected to be there then."""
    return {"served": params["required"], "missing": []}
