# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits for rollouts, all of them side by side. Private to the collection."""

from __future__ import annotations

import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.rollout import (
    Progress,
    Trouble,
    TroubleHistory,
    current_pods,
    explain,
    progress,
    selector,
    troubles,
    warnings_about,
)

WARNINGS = 5


class Cluster(t.Protocol):
    """What is asked of a cluster. Each returns plain dictionaries."""

    def workload(self, kind: str, name: str) -> dict | None: ...

    def pods(self, label_selector: str) -> list[dict]: ...

    def replica_sets(self, label_selector: str) -> list[dict]: ...

    def events(self) -> list[dict]: ...

    def log(self, pod: str, container: str, previous: bool, lines: int) -> list[str]: ...


class Rollout:
    """One workload on its way."""

    def __init__(self, kind: str, name: str) -> None:
        self.kind, self.name = kind, name
        self.seconds: float | None = None
        self.state: Progress | None = None
        self.trouble: Trouble | None = None
        self.hopeless = False
        self._history = TroubleHistory()

    @property
    def done(self) -> bool:
        return self.seconds is not None

    def look(self, cluster: Cluster, elapsed: float) -> None:
        workload = cluster.workload(self.kind, self.name)
        self.state = progress(workload) if workload else None
        if self.state and self.state.done:
            self.seconds, self.trouble = elapsed, None
            return
        pods: list[dict] = []
        if workload:
            chosen = selector(workload)
            replica_sets = cluster.replica_sets(chosen) if self.kind == "Deployment" else []
            pods = current_pods(workload, cluster.pods(chosen), replica_sets)
        found = troubles(workload, pods, cluster.events() if workload and not pods else [])
        given_up = self._history.hopeless(elapsed, found)
        self.hopeless = given_up is not None
        self.trouble = given_up or (found[0] if found else _unready(pods))

    def message(self, cluster: Cluster, namespace: str, elapsed: float, log_lines: int) -> str:
        title = f"{self.kind} {namespace}/{self.name} is not rolled out after {elapsed:.0f} s"
        events, log = cluster.events(), []
        subject = ("Pod", self.trouble.pod) if self.trouble and self.trouble.pod else (self.kind, self.name)
        if self.trouble and self.trouble.container and log_lines:
            previous = self.trouble.reason == "CrashLoopBackOff"
            log = cluster.log(self.trouble.pod, self.trouble.container, previous, log_lines)
        return explain(title, self.state, self.trouble, warnings_about(events, *subject, WARNINGS), log)

    def result(self) -> dict:
        wanted, updated, available = self.state[1:] if self.state else (None, None, None)
        return {
            "kind": self.kind,
            "name": self.name,
            "ready": self.done,
            "seconds": None if self.seconds is None else round(self.seconds, 1),
            "wanted": wanted,
            "updated": updated,
            "available": available,
            "reason": self.trouble.reason if self.trouble else "",
        }


def _unready(pods: list[dict]) -> Trouble | None:
    """The container to show when no trouble has a name: started, and not ready."""
    for pod in pods:
        for container in (pod.get("status") or {}).get("containerStatuses") or []:
            if not container.get("ready"):
                return Trouble(
                    "NotReady", "it runs, and its readiness probe fails", pod["metadata"]["name"], container["name"]
                )
    return None


def wait(
    cluster: Cluster,
    rollouts: list[Rollout],
    timeout: float,
    interval: float,
    once: bool,
    clock: t.Callable[[], float],
    sleep: t.Callable[[float], None],
) -> float:
    """Look until all are done, one is hopeless, or time is up; returns the seconds it took."""
    start = clock()
    while True:
        for rollout in rollouts:
            if not rollout.done:
                rollout.look(cluster, clock() - start)
        elapsed = clock() - start
        if once or elapsed >= timeout or all(r.done for r in rollouts) or any(r.hopeless for r in rollouts):
            return elapsed
        sleep(min(interval, timeout - elapsed))
