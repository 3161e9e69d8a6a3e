# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of pipeline_proof: its options, and what it returns. Private to the collection."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import signal
import typing as t

from ansible.module_utils.basic import missing_required_lib
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import connection
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import (
    GrafanaError,
    path,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_connection import (
    CONNECTION_CONSTRAINTS,
    connected,
    connection_spec,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.cluster import Cluster, ClusterError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.grafana import Reader
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.pipeline import prove, skipped
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.witness import NAME, Witnesses, find
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

MISSING = None
try:
    import cryptography  # noqa: F401 # pylint: disable=unused-import
except ImportError as error:
    MISSING = error

ARGUMENTS = dict(
    copy.deepcopy(connection.ARGUMENTS),
    grafana=dict(type="dict", required=True, options=connection_spec(in_cluster=True), **CONNECTION_CONSTRAINTS),
    loki_uid=dict(type="str", default="loki"),
    prometheus_uid=dict(type="str", default="prometheus"),
    namespace=dict(type="str", default="pipeline-proof"),
    image=dict(type="str", default="docker.io/library/busybox:1.37.0"),
    falco_namespace=dict(type="str", default="falco"),
    receiver_service=dict(type="str", default="falco-falcosidekick"),
    receiver_port=dict(type="int", default=2801),
    # The name of a Secret is no secret.
    client_secret=dict(type="str", required=True, no_log=False),
    loki_namespace=dict(type="str", default="monitoring"),
    loki_service=dict(type="str", default="loki"),
    loki_port=dict(type="int", default=3443),
    loki_client_secret=dict(type="str", default="", no_log=False),
    prometheus_namespace=dict(type="str", default="monitoring"),
    prometheus_service=dict(type="str", default="prometheus-server"),
    prometheus_port=dict(type="int", default=443),
    prometheus_client_secret=dict(type="str", default="", no_log=False),
    scrape_namespaces=dict(type="list", elements="str", default=["monitoring", "falco"]),
    scrape_services=dict(type="list", elements="str", default=["falco-metrics", "falco-falcosidekick"]),
    folder_uid=dict(type="str", default="runtime-security"),
    dashboards=dict(
        type="list",
        elements="str",
        default=["runtime-security-events", "log-explorer", "pipeline-health", "api-audit"],
    ),
    etcd=dict(type="bool", default=True),
    witness=dict(type="bool", default=True),
    audit=dict(type="bool", default=True),
    notification=dict(type="bool", default=False),
    test_notification=dict(type="bool", default=False),
    owner=dict(type="str", default="runtime_security.kubernetes"),
    timeout=dict(type="int", default=180),
    path=dict(type="path"),
)


def open_grafana(params: dict) -> Reader:
    """A client that Grafana has let in: with a wrong password nothing is begun."""
    client = connected(params["grafana"], cluster=params)
    try:
        client.request("GET", path("org"))
    except GrafanaError as exc:
        raise WorkError(f"{str(exc).rstrip('.')}. Nothing was begun.") from exc
    return Reader(client)


def write(place: str, proof: list) -> None:
    """The proof as a file that is whole or not there."""
    unfinished = f"{place}.{os.getpid()}"
    with open(unfinished, "w", encoding="utf-8") as file:
        json.dump(proof, file, indent=4)
        file.write("\n")
    os.replace(unfinished, place)


def failure_text(proof: list) -> str:
    failed = [entry for entry in proof if not entry["ok"]]
    reasons = "; ".join(f"{entry['name']}: {entry['detail']}" for entry in failed)
    return f"{len(failed)} of {len(proof)} lines of the proof are not ok: {reasons}"


@contextlib.contextmanager
def interruptible() -> t.Iterator[None]:
    """End as with Ctrl-C when the task is stopped, so that everything begun is cleaned up on the way out."""

    def interrupt(number: int, _frame: object) -> t.NoReturn:
        raise KeyboardInterrupt(f"signal {number}")

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(params: dict, mode: Mode) -> dict:
    """Follow a log line and an event through the pipeline; raises WorkError where a line of the proof is not ok."""
    if MISSING is not None:
        raise WorkError(f"{missing_required_lib('cryptography >= 3.3')} ({MISSING})")
    result = {"proof": [], "skipped_checks": skipped(params)}
    if mode.check:
        return {**result, "msg": announcement(params)}
    result["warnings"] = []
    with interruptible():
        grafana = open_grafana(params)
        with connection.connected_client(params) as client:
            cluster = Cluster(client)
            witnesses = witnesses_of(cluster, params)
            if witnesses.skipped:
                result["skipped_checks"].append({"name": NAME, "reason": witnesses.skipped})
            result["proof"] = prove(cluster, grafana, params, witnesses, result["warnings"].append)
    result["ok"] = all(entry["ok"] for entry in result["proof"])
    if params["path"]:
        try:
            write(params["path"], result["proof"])
        except OSError as exc:
            raise WorkError(f"The proof cannot be written: {exc}", **result) from exc
    if not result["ok"]:
        raise WorkError(failure_text(result["proof"]), **result)
    return result


def announcement(params: dict) -> str:
    """What a run would do."""
    told = " and to a notification" if params["notification"] else ""
    tested = " and of ".join(
        ["the receiver", *(name for name in ("Loki", "Prometheus") if params[f"{name.lower()}_client_secret"])]
    )
    return (
        f"Would start a pod in namespace {params['namespace']}, follow its log line, its audit line and a shell's Falco event to "
        f"Grafana{told}, test the mutual TLS of {tested}, and remove the pod. That changes nothing."
    )


def witnesses_of(cluster: Cluster, params: dict) -> Witnesses:
    if not params["witness"]:
        return Witnesses([])
    try:
        return find(cluster, params["falco_namespace"])
    except ClusterError as exc:
        return Witnesses([], problem=str(exc))
