# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which checks make the proof of this pipeline."""

from __future__ import annotations

import typing as t

from .. import grafana_proof_route as proof_route
from . import (
    audit,
    dashboards,
    data_sources,
    delivery,
    etcd,
    grafana_tls,
    hops,
    marker,
    notification,
    receiver,
    shell,
    targets,
    witness,
)
from .cluster import Cluster
from .grafana import Reader
from .pod import MarkedPod
from .queries import Queries
from .run import Check, run_checks
from .watch import Watch


def skipped(options: dict) -> list[dict]:
    """The lines that the options take out, with the reason."""
    lines = []
    if not options["etcd"]:
        lines.append({"name": etcd.NAME, "reason": "etcd is false: no etcd log can be read in this cluster"})
    if not options["audit"]:
        reason = "audit is false: the API server does not write its audit log to standard output"
        lines.append({"name": audit.NAME, "reason": reason})
    if not _expected(options):
        reason = "dashboards names none whose data can be asked for"
        lines.append({"name": dashboards.NAME.format("..."), "reason": reason})
    if not options["notification"]:
        reason = "notification is false: Grafana has no alert rule for it, or cannot reach a Service of the cluster"
        lines.append({"name": notification.NAME, "reason": reason})
    if not options["loki_client_secret"]:
        reason = "loki_client_secret is '': the log agent has no certificate, and its lines are not encrypted"
        lines.append({"name": receiver.LOKI.accepted, "reason": reason})
    if not options["prometheus_client_secret"]:
        reason = "prometheus_client_secret is '': Prometheus asks nobody for a certificate"
        lines.append({"name": receiver.PROMETHEUS.accepted, "reason": reason})
    if not options["witness"]:
        lines.append({"name": witness.NAME, "reason": "witness is false: Falco has no rule for it"})
    return lines


def _expected(options: dict) -> list[str]:
    return [uid for uid in options["dashboards"] if options["audit"] or uid != dashboards.AUDIT]


def prove(
    cluster: Cluster, grafana: Reader, options: dict, witnesses: witness.Witnesses, warn: t.Callable[[str], None]
) -> list[dict]:
    """All checks side by side; returns their lines. The marked pod is removed afterwards, whatever happens."""
    watch = Watch(options["timeout"])
    queries = Queries(grafana, options["loki_uid"], options["prometheus_uid"])
    prefix = proof_route.TESTED if options["test_notification"] else proof_route.PROVEN
    pod = MarkedPod(cluster, options["namespace"], options["image"], prefix, options["notification"])
    falco = options["falco_namespace"]
    listener = receiver.Receiver(
        cluster, falco, options["receiver_service"], options["receiver_port"], options["client_secret"]
    )
    sink = proof_route.name(options["owner"])

    def settle(watch: Watch) -> None:
        listener.settle(watch)
        if options["notification"]:
            notification.settle(watch, grafana, sink)

    shells = shell.Shells(watch, pod, settle)

    sources = [
        Check(data_sources.NAME.format(uid), lambda uid=uid: data_sources.data_source(watch, grafana, uid))
        for uid in (options["prometheus_uid"], options["loki_uid"])
    ]
    etcd_line = Check(etcd.NAME, lambda: etcd.etcd_lines(watch, queries))
    marker_line = Check(marker.NAME, lambda: marker.marker_line(watch, queries, pod))
    loki_event = Check(shell.LOKI, lambda: shell.shell_in_loki(watch, queries, shells, falco))
    prometheus_event = Check(shell.PROMETHEUS, lambda: shell.shell_in_prometheus(watch, queries, shells, falco))
    delivered = Check(delivery.NAME, lambda: delivery.delivery(watch, queries, shells, falco))
    told = Check(notification.NAME, lambda: notification.notification(watch, grafana, shells))
    tested = Check(notification.DELIVERED, lambda: notification.delivered(watch, grafana, shells, sink))
    before = Check(witness.NAME, lambda: witness.process_that_ran_before(watch, queries, cluster, falco, witnesses))
    audit_line = Check(audit.NAME, lambda: audit.audit_line(watch, queries, pod))
    expected = _expected(options)
    kinds = {"prometheus": options["prometheus_uid"], "loki": options["loki_uid"]}
    panels = Check(
        "the dashboards have data in every panel",
        lambda: dashboards.dashboards(watch, grafana, options["folder_uid"], expected, kinds),
    )
    tls = [Check(receiver.FALCO.accepted, lambda: listener.check(watch))]
    for server, words in (("loki", receiver.LOKI), ("prometheus", receiver.PROMETHEUS)):
        if options[f"{server}_client_secret"]:
            place = [options[f"{server}_{part}"] for part in ("namespace", "service", "port", "client_secret")]
            asked = receiver.Receiver(cluster, *place, words)
            tls.append(Check(words.accepted, lambda asked=asked: asked.check(watch)))
    if grafana.is_ours:
        tls.append(Check(grafana_tls.NAME.format("plain HTTP"), lambda: grafana_tls.refusals(watch, grafana.url)))
    plain = Check(hops.NAME, lambda: hops.hops(watch, grafana, kinds, bool(options["loki_client_secret"])))
    scraped = Check(
        targets.NAME,
        lambda: targets.scrape_targets(watch, queries, options["scrape_namespaces"], options["scrape_services"]),
    )

    checks = sources + ([etcd_line] if options["etcd"] else []) + [marker_line, loki_event, prometheus_event, delivered]
    checks += ([told] if options["notification"] else []) + ([tested] if options["test_notification"] else [])
    checks += [] if not options["witness"] or witnesses.skipped else [before]
    checks += ([audit_line] if options["audit"] else []) + ([panels] if expected else []) + [*tls, plain, scraped]
    pod.start(watch)
    try:
        return run_checks(checks, watch)
    finally:
        watch.cancel()
        try:
            pod.remove()
        except Exception as exc:  # the proof is complete; the next run removes what is left
            warn(f"Namespace {options['namespace']} may still hold the marked pod {pod.name}: {exc}")
