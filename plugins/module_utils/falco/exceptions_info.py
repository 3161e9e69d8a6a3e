# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of falco_exceptions_info. Private to the collection."""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco import noise
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco.exceptions import rules_of
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco.past_events import Past
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco.rules import FILES_OPTION
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_connection import (
    CONNECTION_CONSTRAINTS,
    connection_spec,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.loki.past import reader
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.grafana import Refused
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.yaml_library import yaml

ARGUMENTS = {
    **connection_spec(),
    "loki_uid": {"type": "str", "default": "loki"},
    "namespace": {"type": "str", "default": "falco"},
    "excluded_namespaces": {"type": "list", "elements": "str", "default": []},
    "files": FILES_OPTION,
    "days": {"type": "int", "default": 7},
    "priority": {"type": "str", "choices": list(noise.PRIORITIES), "default": "warning"},
}
CONSTRAINTS = CONNECTION_CONSTRAINTS


def run(params: dict, mode: Mode) -> dict:
    """Read the past, and propose what would have kept it quiet."""
    rules = rules_of(one["content"] for one in params["files"])
    past = Past(reader(params), params["loki_uid"], params["namespace"], params["excluded_namespaces"])
    try:
        events = past.read(rules, params["days"])
    except Refused as exc:
        raise WorkError(f"the events of the last {params['days']} days cannot be counted: {exc}") from exc
    proposed, withheld = noise.proposals(rules, events, params["priority"])
    counts: dict[str, int] = {}
    for seen in events:
        counts[seen.rule] = counts.get(seen.rule, 0) + seen.count
    return {
        "changed": False,
        "events": counts,
        "proposed": [one.result() for one in proposed],
        "withheld": [one.result() for one in withheld],
        "content": content(proposed, params["days"]),
    }


def announce(params: dict) -> dict:
    """A cluster that does not exist yet has had no events."""
    return {"changed": False, "events": {}, "proposed": [], "withheld": [], "content": ""}


def content(proposed: list[noise.Found], days: int) -> str:
    """A rules file; '' without a proposal."""
    lines = [
        f"# What was seen in several pods on several of the last {days} days, with the events that each line would have silenced."
    ]
    for rule in dict.fromkeys(one.rule for one in proposed):
        lines += [f"- rule: {_text(rule)}", "  exceptions:"]
        of_rule = [one for one in proposed if one.rule == rule]
        for name in dict.fromkeys(one.exception.name for one in of_rule):
            lines += [f"    - name: {_text(name)}", "      values:"]
            for one in of_rule:
                if one.exception.name == name:
                    lines.append(f"        # {one.events} events, {one.pods} pods, {one.days} days")
                    lines.append(f"        - {_text(one.exception.written(one.values))}")
        lines += ["  override:", "    exceptions: append"]
    return "\n".join(lines) + "\n" if proposed else ""


def _text(value: object) -> str:
    """YAML on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True)
    return text.removesuffix("...\n").strip()
