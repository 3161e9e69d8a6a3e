# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Falco saw, where, and the lines themselves."""

from __future__ import annotations

from . import audit_detections, pages, panels
from .events import INCREASE, INPUTS, LINES, NO_RULES, OTHER_LINES, OTHERS, at_rest, counted, lost
from .panels import BUCKETS, RANGE

CHOSEN = {
    "hostname": "$node",
    "k8s_ns_name": "$namespace",
    "k8s_pod_name": "$pod",
    "rule": "$rule",
    "priority": "$priority",
}
LEVELS = {
    "critical and worse": ("[0-2]", "dark-red"),
    "error": ("3", "red"),
    "warning": ("4", "orange"),
    "notice and below": ("[5-7]", "blue"),
}
CHOSEN_LINES = f'{LINES}{OTHER_LINES} | host =~ "$node" | ns =~ "$namespace" | pod_name =~ "$pod" | rule =~ "$rule" | priority =~ "(?i)$priority"'
POD_LOG = panels.link(
    "Log of this pod", "log-explorer", namespace="${__data.fields.Namespace}", pod="${__data.fields.Pod}"
)
ONLY_POD = panels.link(
    "Only events of this pod",
    "runtime-security-events",
    namespace="${__data.fields.Namespace}",
    pod="${__data.fields.Pod}",
)
ONLY_RULE = panels.link("Only events of this rule", "runtime-security-events", rule="${__data.fields.Rule}")
POD_ACTIONS = panels.link("API requests in this namespace", "api-audit", namespace="${__data.fields.Namespace}")
LINKED = [
    panels.by_name("Pod", links=[POD_LOG, ONLY_POD]),
    panels.by_name("Rule", links=[ONLY_RULE]),
    panels.by_name("Namespace", links=[POD_ACTIONS]),
]


def known(label: str, **labels: str) -> str:
    matchers = "".join(f', {name}=~"{value}"' for name, value in labels.items())
    return f'label_values({INCREASE}{{cluster=~"$cluster", counted_by="receiver"{matchers}, {OTHERS}}}, {label})'


def dashboard() -> dict:
    def chosen(window: str, by: str = "", more: str = "") -> str:
        return counted("receiver", window, by, f"{more and more + ', '}{OTHERS}", **CHOSEN)

    def each(title: str, about: str, label: str, expr: str = "", **more) -> dict:
        target = panels.over_time(at_rest(expr or chosen(BUCKETS, label), label), f"{{{{{label}}}}}")
        return panels.timeseries(title, about, [target], bars=True, noValue=NO_RULES, **more)

    by_pod = f'label_join({chosen(BUCKETS, "k8s_ns_name, k8s_pod_name")}, "where", "/", "k8s_ns_name", "k8s_pod_name")'
    by_pod = f'label_replace({by_pod}, "where", "outside pods", "where", "/")'
    levels = [
        panels.instant(at_rest(counted("receiver", RANGE, more=OTHERS, **CHOSEN, priority_number=numbers)), name)
        for name, (numbers, _color) in LEVELS.items()
    ]
    pods = chosen(RANGE, "k8s_ns_name, k8s_pod_name", 'k8s_pod_name!=""')
    shown = [
        panels.stat(
            "Events",
            "Events in the time range that reached the receiver.",
            levels,
            (12, 4),
            missing=NO_RULES,
            overrides=panels.fixed({name: color for name, (_numbers, color) in LEVELS.items()}),
        ),
        panels.stat(
            "Pods with events",
            "Pods in which a rule fired.",
            [panels.instant(at_rest(f"count({pods} > 0)"))],
            missing=NO_RULES,
        ),
        panels.stat(
            "Rules that fired",
            "Different rules with an event in the time range.",
            [panels.instant(at_rest(f"count({chosen(RANGE, 'rule')} > 0)"))],
            missing=NO_RULES,
        ),
        panels.stat(
            "Events lost",
            "Events of all pods and nodes that the sensors counted and the receiver did not.",
            [panels.instant(lost(RANGE))],
            missing=NO_RULES,
            steps=panels.thresholds((None, "green"), (1, "red")),
            links=[panels.link("Pipeline health", "pipeline-health")],
        ),
        each(
            "Events by priority",
            "Events in each step, by Falco's priority.",
            "priority",
            overrides=panels.fixed(panels.PRIORITY_COLORS),
        ),
        each("Events by rule", "Events in each step, by rule.", "rule"),
        each("Events by pod", "Events in each step, by namespace and pod.", "where", by_pod),
        each("Events by node", "Events in each step, by node.", "hostname"),
        panels.table(
            "Pods and rules with most events",
            "The first ten; events outside pods have no namespace and pod. Links lead to the log of the pod, the rule and the namespace.",
            panels.instant(
                at_rest(f"topk(10, {chosen(RANGE, 'k8s_ns_name, k8s_pod_name, hostname, rule, priority')} > 0)")
            ),
            {
                "k8s_ns_name": "Namespace",
                "k8s_pod_name": "Pod",
                "hostname": "Node",
                "rule": "Rule",
                "priority": "Priority",
                "Value": "Events",
            },
            "Events",
            (24, 13),
            overrides=[
                *LINKED,
                panels.by_name("Namespace", custom__width=150),
                panels.by_name("Node", custom__width=170),
                panels.by_name("Priority", custom__width=110),
                panels.by_name("Events", custom__width=100),
            ],
        ),
        panels.table(
            "Latest events",
            "Falco's log lines in Loki. A pod leads to its log.",
            panels.lines(CHOSEN_LINES, 100),
            {
                "Time": "Time",
                "timestamp": "Time",
                "priority": "Priority",
                "rule": "Rule",
                "ns": "Namespace",
                "pod_name": "Pod",
                "host": "Node",
                "text": "Output",
            },
            "Time",
            (24, 20),
            overrides=[
                *LINKED,
                panels.by_name("Time", custom__width=160),
                panels.by_name("Priority", custom__width=85),
                panels.by_name("Rule", custom__width=190),
                panels.by_name("Namespace", custom__width=110),
                panels.by_name("Pod", custom__width=140),
                panels.by_name("Node", custom__width=130),
                panels.wrapped("Output"),
            ],
        ),
    ]
    return pages.page(
        "runtime-security-events",
        "What Falco saw in pods and on nodes, and whether all of it arrived.",
        [
            pages.choice("cluster", "Cluster", f"label_values({INCREASE}, cluster)"),
            pages.choice("node", "Node", known("hostname")),
            pages.choice("namespace", "Namespace", known("k8s_ns_name", hostname="$node")),
            pages.choice("pod", "Pod", known("k8s_pod_name", hostname="$node", k8s_ns_name="$namespace")),
            pages.choice("rule", "Rule", known("rule")),
            pages.choice("priority", "Priority", "label_values(runtime_security:falco_priority, priority)"),
        ],
        shown,
        ("API audit", audit_detections.row()),
        ("Falco log lines", [panels.logs("Lines", "Falco's log lines in Loki, whole.", CHOSEN_LINES)]),
        since="now-6h",
        inputs=audit_detections.INPUTS | INPUTS,
    )
