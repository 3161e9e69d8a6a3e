#!/usr/bin/env python3
"""Time from a process start in a pod to its event in Prometheus' counter, as Grafana shows it.

    bench/latency.py KUBECTL GRAFANA_URL [EVENTS]

KUBECTL is the command with its context, GRAFANA_PASSWORD the administrator's password in the environment. Prints median and
worst of so many events, and beside them Prometheus' scrape interval, which is the largest part of it and an input of
metrics_stack; the rest is Falco, the delivery and Grafana's query.
"""

from __future__ import annotations

import base64
import json
import os
import random
import shlex
import statistics
import subprocess
import sys
import time
import urllib.parse
import urllib.request
import uuid

NAMESPACE = "latency-test"
IMAGE = "docker.io/library/busybox:1.35.0"
COUNTER = 'sum(falcosecurity_falcosidekick_falco_events_total{{k8s_pod_name="{pod}"}}) or vector(0)'
EVERY_SECONDS = 0.1
TIMEOUT_SECONDS = 60
PAUSE_SECONDS = 10


class Grafana:
    def __init__(self, url: str) -> None:
        token = base64.b64encode(f"admin:{os.environ['GRAFANA_PASSWORD']}".encode()).decode()
        self.url, self.headers = url, {"Authorization": f"Basic {token}"}

    def get(self, path: str, **query: str) -> dict:
        address = f"{self.url}/api/datasources/proxy/uid/prometheus/api/v1/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(urllib.request.Request(address, headers=self.headers), timeout=10) as answer:
            return json.load(answer)["data"]

    def count(self, pod: str) -> float:
        return float(self.get("query", query=COUNTER.format(pod=pod))["result"][0]["value"][1])

    def scrape_interval(self) -> str:
        for line in self.get("status/config")["yaml"].splitlines():
            if "scrape_interval:" in line:
                return line.split(":")[1].strip()
        return "?"


def measure(kubectl: list[str], grafana: Grafana, events: int) -> list[float]:
    pod = f"latency-{uuid.uuid4().hex[:6]}"
    spec = {
        "containers": [{"name": "shell", "image": IMAGE, "command": ["sh", "-c", "echo > /etc/shadow; sleep 3600"]}]
    }
    definition = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": pod, "namespace": NAMESPACE}, "spec": spec}
    call = {"check": True, "stdout": subprocess.DEVNULL}
    subprocess.run([*kubectl, "create", "namespace", NAMESPACE], **call)
    try:
        subprocess.run([*kubectl, "apply", "-f", "-"], input=json.dumps(definition).encode(), **call)
        subprocess.run(
            [*kubectl, "wait", "-n", NAMESPACE, "--for=condition=Ready", f"pod/{pod}", "--timeout=60s"], **call
        )
        seconds = []
        for _event in range(events):
            # Without a pause each would start just after a scrape, and wait for a whole interval.
            time.sleep(random.uniform(0, PAUSE_SECONDS))
            before = grafana.count(pod)
            # The clock starts when kubectl is back, some 0.1 s after the read.
            subprocess.run([*kubectl, "exec", "-n", NAMESPACE, pod, "--", "cat", "/etc/shadow"], **call)
            started = time.monotonic()
            while grafana.count(pod) <= before:
                if time.monotonic() - started > TIMEOUT_SECONDS:
                    raise SystemExit(f"an event was not counted within {TIMEOUT_SECONDS} s")
                time.sleep(EVERY_SECONDS)
            seconds.append(time.monotonic() - started)
        return seconds
    finally:
        subprocess.run([*kubectl, "delete", "namespace", NAMESPACE, "--wait=false"], **call)


def main() -> None:
    kubectl, grafana = shlex.split(sys.argv[1]), Grafana(sys.argv[2])
    events = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    seconds = measure(kubectl, grafana, events)
    print(
        f"from the read to the counter in Grafana, {events} events: median {statistics.median(seconds):.2f} s, "
        f"worst {max(seconds):.2f} s; Prometheus scrapes every {grafana.scrape_interval()}"
    )


if __name__ == "__main__":
    main()
