# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of grafana_dashboards: its options, and what it returns. Private to the collection."""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import (
    PATIENCE,
    UID_RULE,
    GrafanaError,
    is_uid,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_connection import (
    CONNECTION_CONSTRAINTS,
    connected,
    connection_spec,
    failure,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_dashboard import (
    Dashboard,
    prepare_all,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_dashboard_writer import (
    Writer,
    definitions_of,
    no_result,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_exports import DefinitionError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_names import Names
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_service import NoGrafana
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
    "state": {"type": "str", "choices": ["present", "validated", "absent"], "default": "present"},
}
CONSTRAINTS = CONNECTION_CONSTRAINTS


def run(params: dict, mode: Mode) -> dict:
    """Bring a folder's dashboards to what is declared."""
    _refuse_folder(params)
    try:
        check = mode.check or params["state"] == "validated"
        writer = Writer(connected(params, 0 if mode.check else PATIENCE), params, check)
        if params["state"] == "validated":
            return _validated(writer, params)
        if params["state"] == "present":
            writer.present(_prepared(params), params["purge"])
        else:
            writer.absent()
    except NoGrafana:
        if params["state"] != "absent":
            raise
        return {"changed": False, "diff": [], **no_result("absent")}
    except GrafanaError as exc:
        raise failure(exc) from exc
    except DefinitionError as exc:
        raise WorkError(str(exc)) from exc
    result = writer.result
    changed = bool(result["created"] or result["updated"] or result["removed"]) or result["folder"] in (
        "created",
        "renamed",
        "removed",
    )
    return {"changed": changed, "diff": writer.diff, "warnings": writer.warnings, **result}


def announce(params: dict) -> dict:
    """A Grafana that does not exist yet has nothing; what one has that does not answer is not known."""
    _refuse_folder(params)
    if params["state"] == "absent":
        return {"changed": True, "diff": [], **no_result("removed")}
    try:
        created = [dashboard.uid for dashboard in _prepared(params)]
    except DefinitionError as exc:
        raise WorkError(str(exc)) from exc
    if params["state"] == "validated":
        return {"changed": False, **no_result("unchanged")}
    return {"changed": True, "diff": [], **no_result("created"), "created": created}


def _validated(writer: Writer, params: dict) -> dict:
    """Raise WorkError unless Grafana has the dashboards as declared."""
    writer.present(_prepared(params), purge=False)
    result = writer.result
    if result["created"] or result["updated"]:
        raise WorkError(
            f"{Names(params['variables']).of('dashboards')}: Grafana at {writer.grafana.url} has others than declared (missing: "
            f"{_listed(result['created'])}; different: {_listed(result['updated'])}). Expected the declared ones. Fix: write them, "
            "by state present or the role's apply.",
            **result,
        )
    return {"changed": False, **result}


def _listed(uids: list[str]) -> str:
    return ", ".join(uids) or "none"


def _refuse_folder(params: dict) -> None:
    if not is_uid(params["folder_uid"]):
        raise WorkError(f"folder_uid {params['folder_uid']!r} cannot be used: give it {UID_RULE}.")


def _prepared(params: dict) -> list[Dashboard]:
    return prepare_all(definitions_of(params["dashboards"]), params["inputs"], params["owner"])
