# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether everything that happens arrives, and for how long yet."""

from __future__ import annotations

from . import events, pages, panels, proven
from .events import LINES, NO_RULES, UNNAMED, WITHOUT_POD, at_rest, counted, lost
from .panels import RANGE

IN = 'cluster=~"$cluster", namespace=~"$namespace"'
CERTIFICATES = "${VAR_CERTIFICATES}"
DAYS_LEFT = f"(({CERTIFICATES}) - time()) / 86400"
DAYS = panels.thresholds((None, "red"), (7, "orange"), (30, "green"))
NOT_KNOWN = {
    "type": "range",
    "options": {"from": 100000, "to": None, "result": {"text": "not known", "color": "gray", "index": 0}},
}
NO_CONTACT_POINT = {"type": "value", "options": {"0": {"text": "none declared", "color": "orange", "index": 0}}}
AGENTS = ("promtail", "loki_source_file")
KERNEL_DROPS = "falcosecurity_scap_n_drops_total"
OUTPUT_DROPS = "falcosecurity_falco_outputs_queue_num_drops_total"
SENT, SENT_FAILED = "grafana_alerting_notifications_total", "grafana_alerting_notifications_failed_total"
SEND_DROPS = ("promtail_dropped_entries_total", "loki_write_dropped_entries_total")
# The collector has no such series before its first failure.
SEND_FAILED = 'sum(increase({{__name__=~"otelcol_exporter_send_failed_log_records(_total)?", {IN}}}[{window}]))'
NONE_FAILED = "0 * sum(otelcol_exporter_queue_size{{{IN}}})"
# Promtail and Alloy push to the first, OpenTelemetry's collector to the second.
ROUTES = "loki_api_v1_push|otlp_v1_logs"
# The value for a certificate whose end is unknown.
NEVER = 1e11
INPUTS = {
    "VAR_CERTIFICATES": {
        "type": "constant",
        "label": "PromQL: the time at which each certificate ends",
        "value": f'label_replace(vector({NEVER:g}), "certificate", "none is known", "", "")',
    },
    "VAR_CONTACT_POINTS": {"type": "constant", "label": "Number of contact points that were declared", "value": "0"},
}


def lag(window: str) -> str:
    """Seconds from a line's own stamp to its arrival, for the newest line of each push."""
    late = f"sum(rate(loki_distributor_lag_ms_total{{{IN}}}[{window}]))"
    return f'{late} / sum(rate(loki_request_duration_seconds_count{{{IN}, route=~"{ROUTES}"}}[{window}])) / 1000'


def increase(metric: str, window: str) -> str:
    return f"sum(increase({metric}{{{IN}}}[{window}]))"


def unread(by: str = "") -> str:
    """Bytes of log files that the agent has not read yet, with Promtail's or Alloy's names, or that wait in the collector's queue."""
    files = [f"sum{by}({agent}_file_bytes_total{{{IN}}} - {agent}_read_bytes_total{{{IN}}})" for agent in AGENTS]
    return " or ".join([*files, f"sum{by}(otelcol_exporter_queue_size{{{IN}}})"])


def dropped(window: str) -> str:
    collector = [SEND_FAILED.format(IN=IN, window=window), NONE_FAILED.format(IN=IN)]
    return " or ".join([*(increase(name, window) for name in SEND_DROPS), *collector])


def dashboard() -> dict:
    good = panels.thresholds((None, "green"), (1, "red"))
    targets = f"sum by (namespace, service, pod, node, instance, job) (up{{{IN}}})"
    shown = [
        panels.stat(
            "Nodes with Falco",
            "Nodes whose Falco pod answers Prometheus.",
            [panels.instant(f"count(count by (node) (falcosecurity_falco_version_info{{{IN}}})) or vector(0)")],
            steps=panels.thresholds((None, "red"), (1, "green")),
        ),
        panels.stat(
            "Targets down",
            "Scrape targets that did not answer the last time.",
            [panels.instant(f"count({targets} == 0) or vector(0)")],
            steps=good,
        ),
        panels.stat(
            "Events lost",
            "Events that the sensors counted and the receiver did not. A receiver that restarts forgets up to one scrape interval.",
            [panels.instant(lost(RANGE))],
            steps=good,
            missing=NO_RULES,
            links=[panels.link("The events", "runtime-security-events")],
        ),
        panels.stat(
            "Kernel drops",
            "Kernel events that found no room in the sensors' buffers.",
            [panels.instant(increase(KERNEL_DROPS, "$__range"))],
            steps=good,
            missing="No sensor is scraped",
        ),
        panels.stat(
            "Log lag",
            "From a line's time stamp to its arrival at Loki, on average over 5 minutes.",
            [panels.instant(lag("5m"))],
            unit="s",
            decimals=1,
            steps=panels.thresholds((None, "green"), (10, "orange"), (60, "red")),
            missing="Loki 3 or newer counts it",
        ),
        panels.stat(
            "Next expiry in days",
            "The first certificate of Falco's mutual TLS that expires.",
            [panels.instant(f"min({DAYS_LEFT})")],
            steps=DAYS,
            mappings=[NOT_KNOWN],
        ),
        panels.timeseries(
            "Events counted and logged",
            "Events before each step: counted by Falco, counted by the receiver, and Falco's lines in Loki.",
            [
                panels.over_time(at_rest(counted("sensor", "[$__interval]")), "sensor"),
                panels.over_time(at_rest(counted("receiver", "[$__interval]")), "receiver"),
                panels.over_time(f"sum(count_over_time({LINES} [$__interval])) or vector(0)", "Loki", panels.LOKI),
            ],
            overrides=panels.fixed({"sensor": "orange", "receiver": "blue", "Loki": "green"}),
            decimals=0,
        ),
        panels.timeseries(
            "Log lag",
            "From a line's time stamp to its arrival at Loki.",
            [panels.over_time(lag("$__rate_interval"), "lag")],
            unit="s",
        ),
        panels.timeseries(
            "Kernel events",
            "What the sensors take from the kernel.",
            [
                panels.over_time(
                    f"sum by (node) (rate(falcosecurity_scap_n_evts_total{{{IN}}}[$__rate_interval]))", "{{node}}"
                )
            ],
            (8, 8),
            unit="cps",
        ),
        panels.timeseries(
            "Drops",
            "In each step: events without room in the kernel's buffers or in Falco's queue of outputs, lines the agent gave up.",
            [
                panels.over_time(increase(KERNEL_DROPS, "$__rate_interval"), "kernel"),
                panels.over_time(increase(OUTPUT_DROPS, "$__rate_interval"), "outputs"),
                panels.over_time(dropped("$__rate_interval"), "log agent"),
            ],
            (8, 8),
            decimals=0,
        ),
        panels.timeseries(
            "Log agent backlog",
            "Bytes on the nodes that are not in Loki yet: unread log files, or the queue of the OpenTelemetry Collector.",
            [panels.over_time(unread(" by (node) "), "{{node}}")],
            (8, 8),
            unit="bytes",
        ),
        panels.timeseries(
            "Events without pod or process",
            "Share of each node's events: of containers without the name of a pod, and of processes without a name.",
            [
                panels.over_time(WITHOUT_POD, "{{host}}: no pod", panels.LOKI),
                panels.over_time(UNNAMED, "{{host}}: no process", panels.LOKI),
            ],
            (12, 8),
            unit="percentunit",
            max=1,
            step="5m",
        ),
        panels.stat(
            "Contact points",
            "Those that the collection declared (grafana_wiring_contact_points). Without one, or a policy of yours, alerts are seen in Grafana only.",
            [panels.instant("vector(${VAR_CONTACT_POINTS})")],
            (4, 8),
            steps=panels.thresholds((None, "orange"), (1, "green")),
            mappings=[NO_CONTACT_POINT],
        ),
        panels.timeseries(
            "Notifications",
            "What Grafana sent to contact points in each step, or tried to, and what failed of it.",
            [
                panels.over_time(f"{increase(SENT, '$__rate_interval')} or vector(0)", "all"),
                panels.over_time(f"{increase(SENT_FAILED, '$__rate_interval')} or vector(0)", "failed"),
            ],
            (8, 8),
            overrides=panels.fixed({"all": "green", "failed": "red"}),
            decimals=0,
        ),
        panels.bargauge(
            "Days until certificates expire",
            "By Secret.",
            [panels.instant(DAYS_LEFT, "{{certificate}}")],
            (8, 14),
            steps=DAYS,
            mappings=[NOT_KNOWN],
        ),
        panels.table(
            "Scrape targets",
            "1 answers, 0 does not; those that do not come first.",
            panels.instant(f"sort({targets})"),
            {
                "Value": "Up",
                "namespace": "Namespace",
                "service": "Service",
                "pod": "Pod",
                "node": "Node",
                "instance": "Address",
                "job": "Job",
            },
            "Up",
            (16, 14),
            ascending=True,
            overrides=[
                panels.by_name("Up", custom__width=60),
                panels.by_name("Namespace", custom__width=110),
                panels.by_name("Service", custom__width=140),
                panels.by_name("Node", custom__width=130),
                panels.by_name("Job", custom__width=180),
                panels.by_name(
                    "Pod",
                    links=[
                        panels.link(
                            "Log of this pod",
                            "log-explorer",
                            namespace="${__data.fields.Namespace}",
                            pod="${__data.fields.Pod}",
                        )
                    ],
                ),
                panels.by_name(
                    "Namespace",
                    links=[
                        panels.link("Logs of this namespace", "log-explorer", namespace="${__data.fields.Namespace}")
                    ],
                ),
            ],
        ),
    ]
    return pages.page(
        "pipeline-health",
        "Whether log lines and events arrive, how late, and how long the certificates last.",
        [
            pages.choice("cluster", "Cluster", "label_values(up, cluster)"),
            pages.choice("namespace", "Namespace", 'label_values(up{cluster=~"$cluster"}, namespace)'),
        ],
        shown,
        ("Detections proven in the last hour", proven.row()),
        inputs=INPUTS | events.INPUTS,
    )
