# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of grafana_dashboards: its options, and what it returns. Private to the collection."""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import (
    PATIENCE,
    UID_RULE,
    Grafana,
    GrafanaError,
    connection_spec,
    is_uid,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_dashboard import prepare_all
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_dashboard_writer import (
    Writer,
    definitions_of,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_exports import DefinitionError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

ARGUMENTS = {
    **connection_spec(),
    "folder_uid": {"type": "str", "required": True},
    "folder_title": {"type": "str"},
    "dashboards": {"type": "list", "elements": "raw", "default": []},
    "inputs": {"type": "dict", "default": {}},
    "owner": {"type": "str", "default": "runtime_security.kubernetes"},
    "overwrite": {"type": "bool", "default": False},
    "restore_edits": {"type": "bool", "default": False},
    "purge": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
CONSTRAINTS = {"mutually_exclusive": [("url_username", "grafana_api_key")]}


def run(params: dict, mode: Mode) -> dict:
    """Bring a folder's dashboards to what is declared."""
    if not is_uid(params["folder_uid"]):
        raise WorkError(f"folder_uid {params['folder_uid']!r} cannot be used: give it {UID_RULE}.")
    writer = Writer(Grafana(params, PATIENCE), params, mode.check)
    try:
        if params["state"] == "present":
            dashboards = prepare_all(definitions_of(params["dashboards"]), params["inputs"], params["owner"])
            writer.present(dashboards, params["purge"])
        else:
            writer.absent()
    except (GrafanaError, DefinitionError) as exc:
        raise WorkError(str(exc)) from exc
    result = writer.result
    changed = bool(result["created"] or result["updated"] or result["removed"]) or result["folder"] in (
        "created",
        "renamed",
        "removed",
    )
    return {"changed": changed, "diff": writer.diff, "warnings": writer.warnings, **result}
