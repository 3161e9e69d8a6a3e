# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of grafana_alerting: its options, and what it returns. Private to the collection."""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_alert_rules import DefinitionError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_alerting_writer import Writer, lists
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import (
    PATIENCE,
    GrafanaError,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_connection import (
    CONNECTION_CONSTRAINTS,
    connected,
    connection_spec,
    failure,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_service import NoGrafana
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

QUERY = dict(
    ref=dict(type="str", required=True),
    data_source=dict(type="str", required=True),
    type=dict(type="str", required=True, choices=["prometheus", "loki"]),
    expr=dict(type="str", required=True),
)
RULE = dict(
    uid=dict(type="str", required=True),
    title=dict(type="str", required=True),
    queries=dict(type="list", elements="dict", required=True, options=QUERY),
    condition=dict(type="str", default="$A > 0"),
    for_seconds=dict(type="int", default=0),
    labels=dict(type="dict"),
    annotations=dict(type="dict"),
    no_data=dict(type="str", choices=["ok", "alerting", "no_data"], default="ok"),
    error=dict(type="str", choices=["ok", "alerting", "error"], default="error"),
    paused=dict(type="bool", default=False),
    group=dict(type="str"),
)
GROUP = dict(name=dict(type="str", required=True), interval_seconds=dict(type="int", required=True))
CONTACT_POINT = dict(
    name=dict(type="str", required=True),
    type=dict(type="str", required=True),
    settings=dict(type="dict"),
    secure_settings=dict(type="dict", no_log=True),
    send_resolved=dict(type="bool", default=True),
)
ROUTE = dict(
    contact_point=dict(type="str", required=True),
    group_by=dict(type="list", elements="str", default=[]),
    group_wait_seconds=dict(type="int"),
    group_interval_seconds=dict(type="int"),
    repeat_interval_seconds=dict(type="int"),
)
POLICY = dict(
    routes=dict(
        type="list",
        elements="dict",
        default=[],
        options={
            "matchers": dict(type="list", elements="str", required=True),
            "continue": dict(type="bool", default=False),
            **ROUTE,
        },
    ),
    **ROUTE,
)
ARGUMENTS = dict(
    connection_spec(),
    folder_uid=dict(type="str", required=True),
    group=dict(type="str", default="runtime-security"),
    interval_seconds=dict(type="int", default=60),
    more_groups=dict(type="list", elements="dict", default=[], options=GROUP),
    rules=dict(type="list", elements="dict", default=[], options=RULE),
    contact_points=dict(type="list", elements="dict", default=[], options=CONTACT_POINT),
    policy=dict(type="dict", options=POLICY),
    proof_namespace=dict(type="str"),
    owner=dict(type="str", default="runtime_security.kubernetes"),
    restore_edits=dict(type="bool", default=True),
    variables=dict(type="dict", default={}),
    purge=dict(type="bool", default=False),
    state=dict(type="str", choices=["present", "absent"], default="present"),
)
CONSTRAINTS = CONNECTION_CONSTRAINTS


def run(params: dict, mode: Mode) -> dict:
    """Bring alert rules, contact points and our route to what is declared."""
    try:
        writer = Writer(connected(params, 0 if mode.check else PATIENCE), params, mode.check)
        writer.run()
    except NoGrafana:
        if params["state"] == "present":
            raise
        return _result(False)
    except GrafanaError as exc:
        raise failure(exc) from exc
    except DefinitionError as exc:
        raise WorkError(str(exc)) from exc
    return {
        "changed": writer.changed,
        "diff": writer.diff,
        "warnings": writer.warnings,
        "rules": writer.rules,
        "contact_points": writer.contact_points,
        "policy": writer.policy,
    }


def announce(params: dict) -> dict:
    """A Grafana that does not exist yet has nothing; what one has that does not answer is not known."""
    if params["state"] == "absent":
        return _result(True)
    result = _result(bool(params["rules"] or params["contact_points"] or params["policy"] or params["proof_namespace"]))
    result["rules"]["created"] = [rule["uid"] for rule in params["rules"]]
    result["contact_points"]["created"] = [point["name"] for point in params["contact_points"]]
    return {**result, "policy": "created" if params["policy"] or params["proof_namespace"] else "absent"}


def _result(changed: bool) -> dict:
    """A result without rules and contact points."""
    rules, points = {**lists(), "edited": []}, lists()
    return {"changed": changed, "diff": [], "rules": rules, "contact_points": points, "policy": "absent"}
