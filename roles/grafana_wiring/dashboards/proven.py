# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the continuous proof has proven, and where it stopped. Each panel has a zero where the continuous proof is off."""

from __future__ import annotations

from . import panels

_PREFIX = "runtime_security_detection"
_OF = '{cluster=~"$cluster"}'
_AGE = f"time() - max by (rule, node_name) ({_PREFIX}_proven_timestamp_seconds{_OF})"
_WATCHED = f"max by (rule, node_name) ({_PREFIX}_watched_timestamp_seconds{_OF})"
_COLUMNS = {"rule": "Rule", "node_name": "Node"}


def row() -> list[dict]:
    """The panels of the row."""
    return [
        panels.stat(
            "Detections",
            "Rules that were proven on a node in the last hour, and those that were not. Both are zero where the continuous proof is off.",
            [
                panels.instant(f"count({_AGE} < 3600) or vector(0)", "proven"),
                panels.instant(f"count({_WATCHED} unless ({_AGE} < 3600)) or vector(0)", "not proven"),
            ],
            (6, 12),
            overrides=panels.fixed({"proven": "green", "not proven": "red"}),
        ),
        panels.table(
            "Seconds since a detection was proven",
            "By rule and node, the longest first.",
            panels.instant(f"sort_desc({_AGE}) or on () vector(0)"),
            {**_COLUMNS, "Value": "Seconds"},
            "Seconds",
            (9, 12),
            overrides=[panels.by_name("Seconds", custom__width=90)],
        ),
        panels.table(
            "Stopped",
            "The hop at which a detection stopped in the last round.",
            panels.instant(f"max by (rule, node_name, hop) ({_PREFIX}_stopped{_OF}) or on () vector(0)"),
            {**_COLUMNS, "hop": "Hop", "Value": "Stopped"},
            "Rule",
            (9, 12),
            ascending=True,
            overrides=[panels.by_name("Stopped", custom__width=90)],
        ),
        panels.timeseries(
            "Latency of each hop",
            "The slowest of all rules and nodes, from the last success of each.",
            [
                panels.over_time(
                    f'max by (hop) ({_PREFIX}_seconds{_OF}) or on () label_replace(vector(0), "hop", "none", "", "")',
                    "{{hop}}",
                )
            ],
            (24, 8),
            unit="s",
        ),
    ]
