# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alert rules of Grafana made of detections, in the form of the module grafana_alerting."""

from __future__ import annotations

import typing as t

from .detections import DefinitionError, Detection
from .expression import count, lines

# The role declares it, with its interval.
GROUP = "runtime-security-audit"
WINDOW = "3m"
# A sweep may be slower than a single request.
SWEEP_WINDOW = "5m"
GROUPS = {
    "access": "API audit: access to pods and nodes",
    "pods": "API audit: pods",
    "log": "API audit: log",
    "rights": "API audit: rights",
    "identity": "API audit: identities",
    "changes": "API audit: changes",
    "events": "Kubernetes events",
    "nodes": "Node logs",
}
_SEVERITY = '{{ if match "(?i)^(emergency|alert|critical|error)$" $labels.priority }}critical{{ else }}warning{{ end }}'


def by_group(detections: t.Sequence[Detection]) -> dict[str, list[Detection]]:
    """The detections of each group that has some, in the order of the groups. Those of one share a query, and so their outcome and form."""
    groups = {group: [one for one in detections if one.group == group] for group in GROUPS}
    return {group: members for group, members in groups.items() if members}


def build(detections: t.Sequence[Detection], thresholds: dict[str, int]) -> list[dict[str, t.Any]]:
    """One rule for each group that has detections, and one for each detection that counts."""
    unknown = {detection.group for detection in detections if detection.group} - set(GROUPS)
    if unknown:
        raise DefinitionError(f"there is no group {sorted(unknown)[0]}")
    rules = [_rule(f"audit-{group}", GROUPS[group], members) for group, members in by_group(detections).items()]
    for detection in detections:
        if detection.more_than:
            least = thresholds[detection.more_than]
            rules.append(_rule(f"audit-{detection.uid}", f"API audit: {detection.title}", [detection], least))
    return rules


def panels(detections: t.Sequence[Detection]) -> dict[str, str]:
    """Queries for the inputs of the shipped dashboard, one for each group that has detections."""
    return {f"VAR_AUDIT_{group.upper()}": lines(members) for group, members in by_group(detections).items()}


def _rule(uid: str, title: str, members: list[Detection], least: int = 0) -> dict[str, t.Any]:
    expr = count(members, SWEEP_WINDOW if least else WINDOW)
    where = ", {{ $labels.object }}{{ with $labels.k8s_ns_name }} in namespace {{ . }}{{ end }}"
    where = "" if least else where
    return {
        "uid": uid,
        "title": title,
        "group": GROUP,
        "queries": [
            {"ref": "A", "data_source": "loki", "type": "loki", "expr": f"{expr} > {least}" if least else expr}
        ],
        # Loki refuses an answer of very many series: who causes so many must not silence the rule.
        "error": "error",
        "labels": {"severity": _SEVERITY},
        "annotations": {
            "summary": "{{ $labels.priority }}: {{ $labels.rule }}{{ with $labels.user }} by {{ . }}{{ end }}",
            "description": "{{ $values.A.Value }} times in "
            + (SWEEP_WINDOW if least else WINDOW)
            + where
            + ". "
            + _chosen(
                [(member.title, f"{_line(member.description)} ATT&CK: {member.technique}.") for member in members]
            ),
            "runbook": _chosen([(member.title, _line(member.runbook)) for member in members]),
        },
    }


def _chosen(texts: list[tuple[str, str]]) -> str:
    """A template of Grafana: the text of the detection that an alert is about."""
    if len(texts) == 1:
        return texts[0][1]
    cases = "{{ else ".join(f'if eq $labels.rule "{title}" }}}}{text}' for title, text in texts)
    return f"{{{{ {cases}{{{{ end }}}}"


def _line(text: str) -> str:
    return " ".join(text.split())
