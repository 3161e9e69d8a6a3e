# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the detections found in the API server's audit log, beside Falco's events.

The role fills in the queries with its exceptions. A page that is imported by hand has none, and shows no detections.
"""

from __future__ import annotations

from . import panels

GROUPS = ("access", "pods", "log", "rights", "identity", "changes", "events", "nodes")
_NAMES = [f"VAR_AUDIT_{group.upper()}" for group in GROUPS]
_NOTHING = '{container="kube-apiserver"} |= "audit.k8s.io/" != "audit.k8s.io/" | label_format rule="{{.none}}"'
INPUTS = {
    name: {"type": "constant", "label": f"LogQL: detections of the group {group}", "value": _NOTHING}
    for name, group in zip(_NAMES, GROUPS)
}


def row() -> list[dict]:
    """The panels of the row; a query for each group reads the whole log of the time range, so there is one panel."""
    chosen = '| k8s_ns_name =~ "$namespace" | k8s_pod_name =~ "$pod"'
    targets = [
        panels.over_time(
            f"sum by (rule, user) (count_over_time(${{{name}}} {chosen} {panels.BUCKETS}))"
            ' or on () label_replace(vector(0), "rule", "none", "", "")',
            "{{rule}} {{user}}",
            panels.LOKI,
        )
        for name in _NAMES
    ]
    return [
        panels.timeseries(
            "Detections by rule and user",
            "Requests to the API server that a detection found, in each step. They are read from the audit log while this row is open.",
            targets,
            size=(24, 9),
            bars=True,
            step="5m",
        )
    ]
