# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Falco's events: the recorded counts in Prometheus, and the lines in Loki."""

from __future__ import annotations

INCREASE = "runtime_security:falco_events:increase15s"
# There from the moment on at which Prometheus has the recording rules.
NONE = "0 * sum(runtime_security:falco_priority)"
NO_RULES = "Prometheus lacks the recording rules"
LINES = (
    '{cluster=~"$cluster", container="falco"} |= "\\"rule\\":" | json rule="rule", priority="priority", host="hostname", '
    'ns="output_fields[\\"k8s.ns.name\\"]", pod_name="output_fields[\\"k8s.pod.name\\"]", text="output" | rule != ""'
)
# The continuous proof's own events. The role fills in its namespace where it is on; the default is the name of none.
OWN = "${VAR_PROVER}"
INPUTS = {
    "VAR_PROVER": {"type": "constant", "label": "Namespace whose events are not shown", "value": "none/"},
}
OTHERS, OTHER_LINES = f'k8s_ns_name!="{OWN}"', f' | ns != "{OWN}"'
# Falco prints <NA> for the name of a process that it does not know, and null where it has no value.
_UNNAMED = f'{LINES}{OTHER_LINES} |~ `"proc.name":("<NA>"|null)`'
_OF_CONTAINERS = (
    LINES.replace("| json ", '| json container_id="output_fields[\\"container.id\\"]", ', 1)
    + f'{OTHER_LINES} | container_id != "" | container_id != "host"'
)
_WITHOUT_POD = f'{_OF_CONTAINERS} | pod_name = ""'


def _share(part: str, whole: str) -> str:
    """Of the events of each node, over the window of each step; 0 where there are events and none of them is meant."""
    per_node = "sum by (host) (count_over_time({} [$__interval]))".format
    return f"({per_node(part)} or 0 * {per_node(whole)}) / {per_node(whole)}"


# Events of containers that carry no pod, and events without the name of a process.
WITHOUT_POD, UNNAMED = _share(_WITHOUT_POD, _OF_CONTAINERS), _share(_UNNAMED, LINES + OTHER_LINES)


def counted(counted_by: str, window: str, by: str = "", more: str = "", **labels: str) -> str:
    """How many events one of the two counted within a window such as RANGE; more are further matchers."""
    matchers = "".join(f', {name}=~"{value}"' for name, value in labels.items()) + (more and f", {more}")
    series = f'{INCREASE}{{cluster=~"$cluster", counted_by="{counted_by}"{matchers}}}{window}'
    return f"sum{f' by ({by}) ' if by else ''}(sum_over_time({series}))"


def at_rest(expr: str, label: str = "") -> str:
    """The expression, and zero where there was no event yet; label then says "none", which a legend hides."""
    if not label:
        return f"{expr} or on () {NONE}"
    return f'{expr} or on () label_replace({NONE}, "{label}", "none", "", "")'


def lost(window: str) -> str:
    """Events the sensor counted and the receiver did not."""
    sensor, receiver = (f"({at_rest(counted(name, window))})" for name in ("sensor", "receiver"))
    return f"clamp_min({sensor} - {receiver}, 0)"
