#!/usr/bin/env python3
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures for docs/audit.md: bytes of the audit log a request, with two policies, and what the detections cost Loki.

tests/live/audit/measure.py bytes POLICY...      files with the key minikube_audit_rules, or a list of rules
tests/live/audit/measure.py loki [LINES_A_SECOND [MINUTES]]
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

import yaml

TOP = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(TOP))
sys.path.insert(0, str(TOP / "plugins" / "module_utils"))
from audit import detections, rules

from tests.live.audit import apiserver, carrier, kubelet_double, objects, requests, stack

PARTS = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "runtime-security" / "lab" / "parts"
DEFAULTS = TOP / "roles" / "minikube" / "defaults" / "main.yml"
EVALUATIONS_A_MINUTE = 2


def policy(file: Path) -> list[dict]:
    found = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found if isinstance(found, list) else found["minikube_audit_rules"]


def routine(api: apiserver.Api) -> int:
    """What a small cluster does in a minute without anybody at work; how many requests."""
    sent = [0]
    operator, person, node, controller = requests.ACCOUNT, requests.GOOD, requests.NODE, requests.CONTROLLER

    def ask(times: int, method: str, path: str, body: dict | None = None, user: str = node) -> None:
        for _ in range(times):
            api.ok(method, path, body, user=user)
            sent[0] += 1

    leases = "/apis/coordination.k8s.io/v1/namespaces/shop/leases"
    ask(1, "POST", leases, {"metadata": {"name": f"lease-{time.time_ns()}"}})
    name = api.ok("GET", leases)["items"][0]["metadata"]["name"]
    ask(40, "PATCH", f"{leases}/{name}", {"spec": {"holderIdentity": "x"}})
    ask(6, "PATCH", "/api/v1/nodes/n1/status", {"metadata": {"labels": {"x": str(time.time_ns())}}})
    ask(10, "PATCH", f"{objects.PODS}/target/status", {"status": {"phase": "Running"}})
    about = {"kind": "Pod", "namespace": "shop", "name": "target"}
    for number in range(10):
        event = {"metadata": {"name": f"e{number}-{time.time_ns()}"}, "involvedObject": about, "reason": "Routine"}
        ask(1, "POST", "/api/v1/namespaces/shop/events", event)
    ask(30, "GET", f"{objects.PODS}/target")
    ask(15, "POST", "/api/v1/namespaces/shop/serviceaccounts/web/token", {"spec": {"audiences": ["x"]}})
    ask(20, "GET", "/api/v1/namespaces/shop/endpoints", user=controller)
    ask(10, "PATCH", "/api/v1/namespaces/shop/configmaps/settings", {"data": {"x": "1"}}, controller)
    ask(10, "GET", "/api/v1/namespaces/shop/configmaps/settings", user=operator)
    ask(10, "GET", "/apis/apps/v1", user=person)
    ask(5, "GET", objects.PODS, user=person)
    ask(20, "GET", "/livez", user=person)
    return sent[0]


def of_policy(file: Path, folder: Path) -> None:
    with (
        kubelet_double.kubelet(folder) as kubelet,
        apiserver.cluster(PARTS, folder / "cluster", policy(file), requests.USERS) as api,
    ):
        requests.prepare(api, kubelet)
        time.sleep(1)

        def measured(what: str, act) -> None:
            before = len(api.lines())
            number = act()
            time.sleep(1)
            lines = api.lines()[before:]
            total = sum(len(line) + 1 for line in lines)
            print(
                f"{file.name}: {what}: {number} requests, {len(lines)} lines, {total} bytes, {total / number:.0f} a request"
            )

        def actions() -> int:
            for act, twin in requests.REQUESTS.values():
                twin(api)
                act(api)
            return 2 * len(requests.REQUESTS) + 2 * (requests.SWEEP + requests.DENIED) - 2

        measured("routine", lambda: routine(api))
        measured("requests of the detections and their twins", actions)


def sample(folder: Path) -> list[str]:
    """Audit lines of a real API server: mostly routine, as far as the policy records it, and one of each detection in a thousand."""
    with (
        kubelet_double.kubelet(folder) as kubelet,
        apiserver.cluster(PARTS, folder / "cluster", policy(DEFAULTS), requests.USERS) as api,
    ):
        requests.prepare(api, kubelet)
        time.sleep(1)
        before = len(api.lines())
        for _ in range(10):
            routine(api)
        time.sleep(1)
        usual = api.lines()[before:]
        for uid, (act, _twin) in requests.REQUESTS.items():
            # Its line alone is as long as all others.
            if uid != "body-missing":
                act(api)
        time.sleep(1)
        return usual * 10 + api.lines()[before + len(usual) :]


def processor_seconds(url: str) -> float:
    """What Loki has used of the processors; unlike the time until an answer it does not depend on what else they do."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=30) as answer:
        found = re.search(r"^process_cpu_seconds_total (\S+)", answer.read().decode(), re.MULTILINE)
    return float(found[1])


def of_loki(rate: int, minutes: int, folder: Path) -> None:
    lines = sample(folder)
    found = detections.read(
        yaml.safe_load((TOP / "roles/grafana_wiring/files/audit/detections.yml").read_text(encoding="utf-8")),
        {
            "pipeline": ["monitoring", "falco"],
            "proof": ["pipeline-proof"],
            "readiness": ["ebpf-readiness"],
            "registries": ["docker.io"],
        },
    )
    with stack.loki(PARTS, folder / "loki") as url:
        number = rate * 60 * minutes
        begin, step = time.time_ns() - minutes * 60 * 10**9, 10**9 // rate
        size = 0
        for first in range(0, number, 5000):
            batch = [(begin + at * step, lines[at % len(lines)]) for at in range(first, min(number, first + 5000))]
            size += sum(len(line) for _at, line in batch)
            carrier.push(url, batch)
        print(f"{number} lines of {size // number} bytes in {minutes} minutes")
        for _ in range(3):
            total, begun = 0.0, processor_seconds(url)
            for rule in rules.build(found, {"secret_reads": 50, "denied_requests": 20}):
                asked = urllib.parse.urlencode({"query": rule["queries"][0]["expr"], "time": time.time_ns()})
                answer = stack.ask(f"{url}/loki/api/v1/query?{asked}")["data"]
                took = answer["stats"]["summary"]
                total += took["execTime"]
                print(
                    f"{rule['uid']}: {took['execTime']:.3f} s, {took['totalLinesProcessed']} lines, {len(answer['result'])} alerts"
                )
            used = processor_seconds(url) - begun
            print(
                f"all: an evaluation takes {total:.2f} s and {used:.2f} s of a processor; a minute "
                f"{total * EVALUATIONS_A_MINUTE:.2f} s and {used * EVALUATIONS_A_MINUTE:.2f} s"
            )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as work:
        if sys.argv[1] == "bytes":
            for index, name in enumerate(sys.argv[2:] or [str(DEFAULTS)]):
                place = Path(work) / str(index)
                place.mkdir()
                of_policy(Path(name), place)
        else:
            given = [int(value) for value in sys.argv[2:]]
            of_loki(*(given + [100, 60][len(given) :]), Path(work))
