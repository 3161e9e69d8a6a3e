# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One round: every rule on every node, followed to Loki and to the receiver's counter in Prometheus; and the request that starts it."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass

import hops
from kubernetes_api import ApiError
from pods import Pods, pod_name
from sources import Loki, NoAnswer, Prometheus

_EVERY_SECONDS = 2
# A scrape is rarer than that.
_COUNTED_EVERY = 2
# As the detections select them; only those of commands.
_AUDIT = '{container="kube-apiserver"} |= "audit.k8s.io/" |= "/exec"'
_UP = 'sum(up{service=~"falco-falcosidekick|falco-exporter"})'


@dataclass
class Settings:
    namespace: str
    falco_namespace: str
    rules: list[str]
    wait_seconds: int
    # Detections on the audit log that the command in a pod is itself; none where the log is not in Loki.
    audit: tuple[str, ...] = ()

    @property
    def ways(self) -> dict[str, tuple[str, ...]]:
        """The hops of each detection."""
        # Python 3.8 has no | for them.
        return {**dict.fromkeys(self.rules, hops.HOPS), **dict.fromkeys(self.audit, hops.AUDIT_HOPS)}


class Round:
    """What is known of one round; run() returns it by node and rule."""

    def __init__(self, pods: Pods, loki: Loki, prometheus: Prometheus, settings: Settings) -> None:
        self._pods, self._loki, self._prometheus, self._settings = pods, loki, prometheus, settings
        self.marker = f"proof-{secrets.token_hex(4)}"
        self.seen: dict[tuple[str, str], hops.Seen] = {}
        # What the triggers took on each node.
        self.cpu_seconds: dict[str, float] = {}
        self._moments: dict[str, float] = {}
        self._before: dict[tuple[str, str], float] | None = None
        self._began = time.time()

    def run(self) -> dict[tuple[str, str], hops.Seen]:
        """The pods stay until the end: with a pod its log goes, which an agent may not have read yet."""
        nodes = self._pods.nodes()
        ways = self._settings.ways
        self.seen = {(node, rule): hops.Seen(hops=way) for node in nodes for rule, way in ways.items()}
        try:
            self._before = self._counts()
        except NoAnswer:
            # Without it nobody can tell what is new; the hop fails.
            self._before = None
        try:
            for node in nodes:
                self._trigger(node, self._settings.wait_seconds + 10 * len(nodes) + 120)
            self._follow()
        finally:
            self._remove()
        return self.seen

    def _remove(self) -> None:
        """Pods that stay are removed by the next round, or end by their deadline."""
        try:
            self._pods.remove_all()
        except ApiError as error:
            print(json.dumps({"error": f"the pods stay: {error}"}), flush=True)

    def _trigger(self, node: str, lifetime: int) -> None:
        began = time.monotonic()
        try:
            self._pods.start(node, self.marker, self._settings.rules, lifetime)
            self._moments[node] = time.monotonic()
            errors, self.cpu_seconds[node] = self._pods.trigger(node, self.marker)
            errors.update(dict.fromkeys(self._settings.audit, ""))
        except ApiError as error:
            errors = dict.fromkeys(self._settings.ways, str(error))
        for rule in self._settings.ways:
            error = errors.get(rule, "not run")
            if error:
                self.seen[node, rule].failed(hops.POD, error)
            else:
                self.seen[node, rule].passed(hops.POD, self._moments[node] - began)

    def _follow(self) -> None:
        """Look until everything was seen or the time is up."""
        deadline = time.monotonic() + self._settings.wait_seconds
        looks = 0
        while True:
            self._look_at_loki()
            # Not at Prometheus alone: what Loki lacks it may have.
            if looks % _COUNTED_EVERY == 0:
                self._look_at_prometheus()
            looks += 1
            if time.monotonic() > deadline or all(seen.whole for seen in self._triggered()):
                return
            time.sleep(_EVERY_SECONDS)

    def _triggered(self) -> list[hops.Seen]:
        return [seen for seen in self.seen.values() if hops.POD in seen.seconds]

    def _look_at_loki(self) -> None:
        settings = self._settings
        began = time.monotonic()
        try:
            own = self._loki.lines(f'{{namespace="{settings.namespace}"}} |= "{self.marker}"', self._began)
            of_falco = self._loki.lines(
                f'{{namespace="{settings.falco_namespace}", container="falco"}} |= "{self.marker}"', self._began
            )
            requests = self._loki.lines(f'{_AUDIT} |= "{self.marker}"', self._began) if settings.audit else []
        except NoAnswer as error:
            for seen in self._triggered():
                seen.failed(hops.LOKI, str(error))
            return
        pods, events = hops.pods_with_marker(own, self.marker), hops.events(of_falco)
        commands = hops.commands(requests)
        for (node, rule), seen in self.seen.items():
            if hops.POD not in seen.seconds:
                continue
            seen.passed(hops.LOKI, time.monotonic() - began)
            if pod_name(node) in pods:
                seen.passed(hops.AGENT, self._since(node))
            if (pod_name(node), rule) in events:
                # An agent that brings Falco's line works, wherever the pod's own line is.
                seen.passed(hops.AGENT, self._since(node))
                seen.passed(hops.FALCO, self._since(node))
            if pod_name(node) in commands:
                seen.passed(hops.AGENT, self._since(node))
                seen.passed(hops.AUDIT, self._since(node))

    def _look_at_prometheus(self) -> None:
        began = time.monotonic()
        try:
            up = self._prometheus.values(_UP)
            now = self._counts()
        except NoAnswer as error:
            for seen in self._triggered():
                seen.failed(hops.PROMETHEUS, str(error))
            return
        new = hops.counted(self._before or {}, now)
        for (node, rule), seen in self.seen.items():
            if hops.POD not in seen.seconds:
                continue
            if self._before is None or not up or up[0][1] < 1:
                seen.failed(
                    hops.PROMETHEUS, "no receiver is scraped" if self._before is not None else "no answer at first"
                )
                continue
            seen.passed(hops.PROMETHEUS, time.monotonic() - began)
            if (pod_name(node), rule) in new:
                seen.passed(hops.RECEIVER, self._since(node))

    def _counts(self) -> dict[tuple[str, str], float]:
        counter = '{__name__=~"falcosecurity_falcosidekick_falco_events_total|falco_events"'
        where = f'namespace="{self._settings.falco_namespace}",k8s_ns_name="{self._settings.namespace}"'
        return hops.counts(self._prometheus.values(f"sum by (k8s_pod_name, rule) ({counter},{where}}})"))

    def _since(self, node: str) -> float:
        return time.monotonic() - self._moments[node]
