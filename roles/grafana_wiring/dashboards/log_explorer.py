# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Log lines of all pods: how many, from where, and what they say."""

from __future__ import annotations

from . import pages, panels
from .panels import BUCKETS, RANGE

ALL = (
    '{cluster=~"$cluster", node_name=~"$node", namespace=~"$namespace", pod=~"$pod", container=~"$container"} '
    '|~ "(?i)$search"'
)
# The forms of klog, logfmt, JSON and bracketed levels.
ERRORS = f'{ALL} |~ "^[EF][0-9]{{4}} |(?i)level=\\"?(error|fatal|panic)|\\"level\\":\\"(error|fatal|panic)|\\\\[(error|fatal)\\\\]"'
NO_LINES = "No line in the time range"
ONLY_POD = panels.link(
    "Only this pod", "log-explorer", namespace="${__data.fields.Namespace}", pod="${__data.fields.Pod}"
)
POD_EVENTS = panels.link(
    "Events of this pod",
    "runtime-security-events",
    namespace="${__data.fields.Namespace}",
    pod="${__data.fields.Pod}",
)
ONLY_NAMESPACE = panels.link("Only this namespace", "log-explorer", namespace="${__data.fields.Namespace}")
ACTIONS = panels.link("API requests in this namespace", "api-audit", namespace="${__data.fields.Namespace}")


def count(expr: str, window: str, by: str = "", function: str = "count_over_time") -> str:
    return f"sum{f' by ({by}) ' if by else ''}({function}({expr} {window}))"


def dashboard() -> dict:
    def number(title: str, about: str, expr: str, **more) -> dict:
        return panels.stat(title, about, [panels.instant(expr, source=panels.LOKI)], (6, 4), **more)

    def stacked(title: str, about: str, expr: str, legend: str, **more) -> dict:
        return panels.timeseries(title, about, [panels.over_time(expr, legend, panels.LOKI)], bars=True, **more)

    shown = [
        number("Lines", "Log lines in the time range.", f"{count(ALL, RANGE)} or vector(0)"),
        number(
            "Volume",
            "Their size.",
            f"{count(ALL, RANGE, function='bytes_over_time')} or vector(0)",
            unit="bytes",
            decimals=1,
        ),
        number(
            "Error lines",
            "Lines with level error or worse, in the forms of klog, logfmt, JSON and [error].",
            f"{count(ERRORS, RANGE)} or vector(0)",
            steps=panels.thresholds((None, "green"), (1, "orange")),
        ),
        number(
            "Containers that log",
            "Different containers with a line in the time range.",
            f"count({count(ALL, RANGE, 'namespace, pod, container')}) or vector(0)",
        ),
        stacked(
            "Lines by namespace",
            "Lines in each step.",
            count(ALL, BUCKETS, "namespace"),
            "{{namespace}}",
            noValue=NO_LINES,
        ),
        stacked(
            "Error lines by container",
            "Error lines in each step.",
            f'{count(ERRORS, BUCKETS, "container")} or on () label_replace(vector(0), "container", "none", "", "")',
            "{{container}}",
        ),
        panels.table(
            "Pods with most lines",
            "The ten pods with most lines. A pod leads to its lines and to its events.",
            panels.instant(f"topk(10, {count(ALL, RANGE, 'node_name, namespace, pod')})", source=panels.LOKI),
            {"namespace": "Namespace", "pod": "Pod", "node_name": "Node", "Value": "Lines"},
            "Lines",
            (12, 13),
            overrides=[
                panels.by_name("Pod", links=[ONLY_POD, POD_EVENTS]),
                panels.by_name("Namespace", links=[ONLY_NAMESPACE, ACTIONS]),
                panels.by_name("Lines", custom__width=90),
            ],
        ),
        panels.table(
            "Pods with most error lines",
            "The ten pods with most error lines. A pod leads to its lines and to its events.",
            panels.instant(
                f"topk(10, {count(ERRORS, RANGE, 'namespace, pod')}) or on () vector(0)",
                source=panels.LOKI,
            ),
            {"namespace": "Namespace", "pod": "Pod", "Value": "Error lines"},
            "Error lines",
            (12, 13),
            overrides=[
                panels.by_name("Pod", links=[ONLY_POD, POD_EVENTS]),
                panels.by_name("Namespace", links=[ONLY_NAMESPACE, ACTIONS]),
                panels.by_name("Error lines", custom__width=110),
            ],
        ),
        panels.logs(
            "Log lines", "The newest lines that fit the choices above; search takes a regular expression.", ALL
        ),
    ]

    def known(label: str, selector: str = "") -> str:
        return f"label_values({selector}, {label})" if selector else f"label_values({label})"

    return pages.page(
        "log-explorer",
        "Log lines of all pods.",
        [
            pages.choice("cluster", "Cluster", known("cluster"), panels.LOKI),
            pages.choice("node", "Node", known("node_name"), panels.LOKI),
            pages.choice("namespace", "Namespace", known("namespace"), panels.LOKI, ".+"),
            pages.choice("pod", "Pod", known("pod", '{namespace=~"$namespace"}'), panels.LOKI),
            pages.choice(
                "container", "Container", known("container", '{namespace=~"$namespace", pod=~"$pod"}'), panels.LOKI
            ),
            pages.textbox("search", "Search"),
        ],
        shown,
    )
