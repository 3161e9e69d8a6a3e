# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check: an event of a process that ran before Falco names the process, its container, its pod and its namespace.

Falco learns of new processes by their events, and of old ones from the /proc that it was given. Where that is the wrong one, all the
other checks pass, for they start something new. The role's falco-witness, a pod on each node that is older than Falco's, opens a file
when it reads a line, and starts nothing for that. Falco has a rule for this file and these pods.
"""

from __future__ import annotations

import time
import typing as t

from .cluster import Cluster
from .queries import Queries, as_json
from .watch import NotYet, Watch, line, observe

NAME = "an event of a process that ran before Falco names it"
RULE = "Process that ran before Falco"
_CONTAINER = "falco-witness"
_WITNESSES = f"app.kubernetes.io/name={_CONTAINER}"
_SENSORS = "app.kubernetes.io/name=falco"
_EVERY_SECONDS = 0.5
_REPEAT_SECONDS = 10
_ECHO_SECONDS = 15
# Nodes that the line names.
_SHOWN = 3
# What the event has to say.
_NAMES = ("proc.name", "container.id", "container.name", "k8s.pod.name", "k8s.ns.name")
_CAUSE = "see docs/falco_ebpf.md, 'Processes that ran before Falco'"


class Witness(t.NamedTuple):
    pod: str
    node: str


class Witnesses(t.NamedTuple):
    """Who is asked. Without any, either the check is skipped for a reason, or there is a problem."""

    pods: list[Witness]
    skipped: str = ""
    problem: str = ""


def _started(pod: dict) -> str:
    """When the pod's container was started, as the API writes it, which sorts as text does; '' when it does not run."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    starts = [((status.get("state") or {}).get("running") or {}).get("startedAt") or "" for status in statuses]
    gone = pod["metadata"].get("deletionTimestamp")
    return max(starts) if starts and all(starts) and not gone else ""


def find(cluster: Cluster, namespace: str) -> Witnesses:
    """The witnesses that were started before every Falco on their node."""
    sensors: dict[str, str] = {}
    for pod in cluster.find("Pod", namespace, _SENSORS):
        if _started(pod):
            node = pod["spec"]["nodeName"]
            sensors[node] = min(_started(pod), sensors.get(node, "9"))
    running = [pod for pod in cluster.find("Pod", namespace, _WITNESSES) if _started(pod)]
    if not running or not sensors:
        return Witnesses([], problem=f"namespace {namespace} has no running pods of both falco-witness and falco")
    older = [
        Witness(pod["metadata"]["name"], pod["spec"]["nodeName"])
        for pod in running
        if _started(pod) < sensors.get(pod["spec"]["nodeName"], "")
    ]
    reason = "every falco-witness was started after Falco, as when a node was booted again; kubectl rollout restart daemonset/falco"
    return Witnesses(older, skipped="" if older else reason)


def _poke(cluster: Cluster, namespace: str, pod: str) -> float:
    """Have the witness open its file; returns the moment before it did, on this machine's clock."""
    session = cluster.attach(pod, namespace, _CONTAINER)
    try:
        moment = time.monotonic()
        session.write_stdin("open\n")
        echo = session.readline_stdout(timeout=_ECHO_SECONDS)
    finally:
        session.close()
    if "open" not in (echo or ""):
        raise NotYet(f"pod {pod} did not answer; it printed {echo!r}")
    return moment


class _Watched:
    """One witness: asked again and again until an event names it that is newer than those of before."""

    def __init__(self, cluster: Cluster, queries: Queries, namespace: str, pod: str) -> None:
        self.moment = 0.0
        self._cluster, self._queries, self._namespace, self._pod = cluster, queries, namespace, pod
        self._expression = f'{{namespace="{namespace}",container="falco"}} |= "{RULE}" |= "{pod}"'
        self._newest: float | None = None

    def probe(self) -> dict:
        entries = self._queries.lines(self._expression)
        if self._newest is None:
            self._newest = max((entry.at for entry in entries), default=0.0)
        if not self.moment or time.monotonic() - self.moment > _REPEAT_SECONDS:
            self.moment = self._ask()
        lacking = ["every line"]
        for entry in entries:
            if entry.at > self._newest:
                fields = as_json(entry.text).get("output_fields") or {}
                lacking = [name for name in _NAMES if fields.get(name) in (None, "", "<NA>", "host")]
                if not lacking:
                    return fields
        raise NotYet(f"pod {self._pod} opened a file, and {self._expression} lacks {', '.join(lacking)}; {_CAUSE}")

    def _ask(self) -> float:
        try:
            return _poke(self._cluster, self._namespace, self._pod)
        except Exception as exc:  # the next attempt may reach it; the check tells the reason if none did
            raise NotYet(f"pod {self._pod} cannot be asked: {exc}") from exc


def process_that_ran_before(
    watch: Watch, queries: Queries, cluster: Cluster, namespace: str, witnesses: Witnesses
) -> t.Iterator[dict]:
    """One line for all nodes: the last one's, with what was seen on each."""
    if witnesses.problem:
        yield line(NAME, False, 0, witnesses.problem)
        return
    told: list[str] = []
    for witness in witnesses.pods:
        watched = _Watched(cluster, queries, namespace, witness.pod)
        last = observe(
            watch, NAME, watched.probe, _EVERY_SECONDS, _told, since=lambda _fields, watched=watched: watched.moment
        )
        told.append(f"node {witness.node}: {last['detail']}")
        if not last["ok"]:
            yield {**last, "detail": told[-1]}
            return
    more = f"; and {len(told) - _SHOWN} more nodes" if len(told) > _SHOWN else ""
    yield {**last, "detail": "; ".join(told[:_SHOWN]) + more}


def _told(fields: dict) -> str:
    return "process {}, container {} ({}), pod {}, namespace {}".format(*(fields[name] for name in _NAMES))
