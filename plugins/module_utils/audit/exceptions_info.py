# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of audit_exceptions_info. Private to the collection."""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.audit import noise
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.audit.detections import (
    PRIORITIES,
    DefinitionError,
    declared,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_connection import (
    CONNECTION_CONSTRAINTS,
    connection_spec,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.loki.past import by_day, reader
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.grafana import Refused
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.yaml_library import yaml

ARGUMENTS = {
    **connection_spec(),
    "loki_uid": {"type": "str", "default": "loki"},
    "detections": {"type": "list", "elements": "dict", "required": True},
    "days": {"type": "int", "default": 7},
    "priority": {"type": "str", "choices": [name.lower() for name in PRIORITIES], "default": "warning"},
}
CONSTRAINTS = CONNECTION_CONSTRAINTS


def run(params: dict, mode: Mode) -> dict:
    """Read the past, and propose what would have kept it quiet."""
    try:
        given = [declared(one) for one in params["detections"]]
    except DefinitionError as exc:
        raise WorkError(
            f"detections: {exc}. Expected those of the lookup audit_rules. Fix: give its detections."
        ) from exc
    detections = noise.tunable(given, params["priority"].capitalize())
    grafana, uid = reader(params), params["loki_uid"]
    past: list[tuple[int, dict, int]] = []
    try:
        for text in noise.expressions(detections):
            samples = by_day(
                grafana, uid, lambda seconds, text=text: text.replace("$window", f"{seconds}s"), params["days"]
            )
            past += [(day, sample.labels, int(sample.value)) for day, sample in samples]
    except Refused as exc:
        raise WorkError(f"the requests of the last {params['days']} days cannot be counted: {exc}") from exc
    proposed, withheld = noise.proposals(detections, past)
    return {
        "changed": False,
        "proposed": [one.result() for one in proposed],
        "withheld": [one.result() for one in withheld],
        "content": content(proposed, params["days"]),
    }


def announce(params: dict) -> dict:
    """A cluster that does not exist yet has had no requests."""
    return {"changed": False, "proposed": [], "withheld": [], "content": ""}


def content(proposed: list[noise.Found], days: int) -> str:
    """Entries of grafana_wiring_audit_exceptions; '' without a proposal."""
    lines = [f"# What users did on several of the last {days} days, for grafana_wiring_audit_exceptions."]
    for one in proposed:
        lines.append(f"# {one.requests} requests, {one.days} days")
        entry = yaml.safe_dump(one.entry, default_flow_style=True, width=10**6, allow_unicode=True, sort_keys=False)
        lines.append(f"- {entry.strip()}")
    return "\n".join(lines) + "\n" if proposed else ""
