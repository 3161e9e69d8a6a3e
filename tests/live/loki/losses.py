#!/usr/bin/env python3
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the log agent loses when parts of the stack stop: one row a case, with the lines lost, seen twice and out of order."""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import time
import typing as t
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from live.loki.cluster import Cluster, wait_for
from live.loki.writer import Found, Writers, numbered

PROGRAMS = ("alloy", "otelcol-k8s", "promtail")
SETTLED = 60
CAUGHT_UP = 900


class Lab:
    """The cluster with the parts that a case stops."""

    def __init__(self, cluster: Cluster, node: str) -> None:
        self.cluster, self.node = cluster, node
        (self.agent,) = cluster.workloads("agent")

    @contextlib.contextmanager
    def without_loki(self) -> t.Iterator[None]:
        (loki,) = self.cluster.workloads("loki")
        back = self.cluster.kill(loki)
        try:
            yield
        finally:
            back()
            wait_for("Loki again", lambda: self.cluster.ready(loki) and self.cluster.loki_answers(), 240)

    def wait_for_agent(self, image: str) -> None:
        """Until a line of a new pod is in Loki: an agent that is still busy with the last case is none for the next."""
        with Writers(self.cluster, image, numbered(1, 1) + "; sleep 3600") as marker:
            wait_for("a line of a new pod", marker.counted, CAUGHT_UP)

    def delete_agent(self) -> None:
        """As a rollout or a drain does: SIGTERM, and time to end."""
        old = {pod.metadata.uid for pod in self.cluster.pods(self.agent)}
        for pod in self.cluster.pods(self.agent):
            self.cluster.core.delete_namespaced_pod(pod.metadata.name, self.cluster.namespace)

        def renewed() -> bool:
            pods = self.cluster.pods(self.agent)
            return not old & {pod.metadata.uid for pod in pods} and self.cluster.ready(self.agent)

        wait_for("a new agent", renewed, 180)

    def kill_agent(self) -> None:
        """SIGKILL, on the node: to delete a pod without a grace period still lets its program end by itself."""
        for program in PROGRAMS:
            subprocess.run(["docker", "exec", self.node, "pkill", "-KILL", "-x", program[:15]], check=False)
        wait_for("the agent again", lambda: self.cluster.ready(self.agent), 180)

    def restart_node(self) -> None:
        subprocess.run(["docker", "restart", self.node], check=True, stdout=subprocess.DEVNULL)
        # What `minikube start` does of it: the name of the API server, which Docker took away, and kubelet.
        name = "control-plane.minikube.internal"
        begin = f"grep -q {name} /etc/hosts || echo $(hostname -i) {name} >>/etc/hosts; systemctl start kubelet"
        start = ["docker", "exec", self.node, "sh", "-c", begin]
        wait_for("the node's systemd", lambda: subprocess.run(start, check=False).returncode == 0, 60)

        def there() -> bool:
            # The API server is the last to answer.
            with contextlib.suppress(Exception):
                return self.cluster.loki_answers() and self.cluster.ready(self.agent)
            return False

        wait_for("the node again", there, 300)


class Case(t.NamedTuple):
    title: str
    lines: int  # of each pod
    command: str
    act: t.Callable[[Lab, Writers], None]
    pods: int = 1
    settled: int = SETTLED  # seconds without another line, after which what is missing is lost
    spec: t.Mapping[str, object] = {}
    ended: bool = False  # with the writers


def _away(seconds: int, *steps: t.Callable[[Lab], None]) -> t.Callable[[Lab, Writers], None]:
    """Loki is away; after so many seconds each step; then it is back."""

    def act(lab: Lab, writers: Writers) -> None:
        with lab.without_loki():
            go(writers)
            time.sleep(seconds)
            for step in steps:
                step(lab)

    return act


def _present(seconds: int, *steps: t.Callable[[Lab], None]) -> t.Callable[[Lab, Writers], None]:
    def act(lab: Lab, writers: Writers) -> None:
        go(writers)
        time.sleep(seconds)
        for step in steps:
            step(lab)

    return act


def settle(writers: Writers, expected: int, seconds: int) -> list[Found]:
    """What is in Loki once all lines are, or none has come for so long."""
    most, end = -1, 0.0
    while True:
        counted = writers.counted()
        if counted >= expected:
            found = writers.found()
            if sum(len(one.counts) for one in found) >= expected:
                return found
        if counted > most:
            most, end = counted, time.monotonic() + seconds
        elif time.monotonic() > end:
            return writers.found()
        time.sleep(3)


def go(writers: Writers) -> None:
    """Only now: pods that wait for a part to be away would write meanwhile."""
    writers.__enter__()


def _ten_minutes(lab: Lab, writers: Writers) -> None:
    with lab.without_loki():
        go(writers)
        for _half in range(2):
            time.sleep(270)
            lab.delete_agent()
        time.sleep(30)


def _restarts(lab: Lab, writers: Writers) -> None:
    go(writers)
    wait_for("the restarts", writers.ended, 400)


BURST = numbered(1, 20000) + "; sleep 3600"
SLOW = numbered(1, 80, "sleep 0.5") + "; sleep 3600"
# By several pods: of what one container has written the kubelet keeps 50 MiB, and an agent on a busy node may not have read the rest.
MANY = numbered(1, 20000, padding=1000) + "; sleep 3600"
# Ten lines each time; the fifth ends well. Kubernetes waits longer before each, so it takes five containers to see 20 restarts.
RESTARTING = (
    "n=$(cat /count/n 2>/dev/null || echo 0); echo $((n+1)) >/count/n; "
    "i=$((n*10+1)); while [ $i -le $((n*10+10)) ]; do echo numbered line $i; i=$((i+1)); done; [ $n -ge 4 ]"
)
COUNTING = {"restartPolicy": "OnFailure", "volumes": [{"name": "count", "emptyDir": {}}]}

CASES = {
    "burst-term": Case("Loki away, 20,000 lines waiting, agent SIGTERM", 20000, BURST, _away(10, Lab.delete_agent)),
    "burst-kill": Case("Loki away, 20,000 lines waiting, agent SIGKILL", 20000, BURST, _away(10, Lab.kill_agent)),
    "slow-term": Case("Loki away, 80 lines over 40 s, agent SIGTERM", 80, SLOW, _away(20, Lab.delete_agent)),
    "slow-kill": Case("Loki away, 80 lines over 40 s, agent SIGKILL", 80, SLOW, _away(20, Lab.kill_agent)),
    "large-term": Case("Loki away, 60 MB waiting, agent SIGTERM", 20000, MANY, _away(40, Lab.delete_agent), pods=3),
    "alone": Case("Loki away for 15 s, agent left alone", 20000, BURST, _away(15)),
    "up-kill": Case("Loki there, agent SIGKILL in 20,000 lines", 20000, BURST, _present(4, Lab.kill_agent)),
    "short-pods": Case("50 pods that live for a second", 100, numbered(1, 100), _present(30), pods=50),
    "restarts": Case("20 restarts, of 5 containers", 50, RESTARTING, _restarts, pods=5, spec=COUNTING),
    "node": Case(
        "node restarted, 80 lines over 40 s", 80, SLOW, _present(20, Lab.restart_node), settled=120, ended=True
    ),
    "ten-minutes": Case(
        "Loki away for 10 minutes, 200 MB waiting, agent rolled twice", 20000, MANY, _ten_minutes, pods=10
    ),
}


def run(lab: Lab, case: Case, image: str) -> tuple[str, bool]:
    lab.wait_for_agent(image)
    writers = Writers(lab.cluster, image, case.command, case.pods, **case.spec)
    began = time.monotonic()
    try:
        case.act(lab, writers)
        expected = writers.written() if case.ended else case.lines * case.pods
        found = settle(writers, expected, case.settled)
    finally:
        if writers.started:
            writers.__exit__(None, None, None)
    lost = expected - sum(len(one.counts) for one in found)
    twice = sum(count - 1 for one in found for count in one.counts.values())
    mixed = sum(one.out_of_order for one in found)
    row = f"| {case.title} | {expected} | {lost} | {twice} | {mixed} | {time.monotonic() - began:.0f} s |"
    return row, (lost, twice, mixed) == (0, 0, 0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubeconfig")
    parser.add_argument("--context", required=True)
    parser.add_argument("--namespace", default="monitoring")
    parser.add_argument("--node", help="the node's container in Docker; default: the context's name")
    parser.add_argument("--image", required=True, help="an image with a shell")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    options = parser.parse_args()
    lab = Lab(Cluster(options.kubeconfig, options.context, options.namespace), options.node or options.context)
    print(
        f"agent {lab.agent.metadata.name}\n| case | lines | lost | twice | out of order | took |\n|---|---|---|---|---|---|",
        flush=True,
    )
    good = True
    for name in options.cases:
        row, fine = run(lab, CASES[name], options.image)
        good &= fine
        print(row, flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
