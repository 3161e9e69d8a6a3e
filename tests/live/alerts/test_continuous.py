# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The continuous proof on a real cluster: with each link cut in turn the alert names the hop within two intervals, and clears."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import time
from pathlib import Path

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import GrafanaError, path

from . import links
from . import stack as live

TOP = Path(__file__).parents[3]
NAMESPACE = "continuous-proof"
INTERVAL, WAIT = 40, 20
# The end of a round that was under way, two intervals and the wait of a round; then a scrape and Grafana's evaluation.
PROMISED = 10 + 2 * INTERVAL + WAIT + 30
CLEARED = INTERVAL + WAIT + 60
TITLE = "Detection not proven"
RULES = 6
# The detection on the audit log, which goes another way.
AUDIT, AUDIT_HOPS = "Command in a pod", {"pod", "loki", "agent", "audit"}


def playbook(name, *options, **inputs):
    where = {"runtime_security_kubeconfig": os.environ["ALERTS_KUBECONFIG"], "runtime_security_cluster": "existing"}
    where |= {"runtime_security_context": os.environ.get("ALERTS_CONTEXT", "")}
    command = ["ansible-playbook", f"playbooks/{name}.yml", "-e", f"@{os.environ['RUNTIME_SECURITY_BUNDLE']}"]
    done = subprocess.run(
        [*command, "-e", json.dumps(where | inputs), *options], cwd=TOP, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def stack():
    """The stack with the continuous proof, which is switched off afterwards and leaves nothing."""
    stack = live.Stack()
    on = {"pipeline_proof_continuous": True, "pipeline_proof_continuous_interval": INTERVAL}
    on |= json.loads(os.environ.get("CONTINUOUS_INPUTS", "{}"))
    roles = ("--tags", "grafana_wiring,pipeline_proof")
    playbook("site", *roles, **on)
    try:
        again = playbook("site", *roles, **on)
        assert re.search(r"localhost +: .*changed=0 ", again), again
        yield stack
    finally:
        playbook("site", *roles)
    listed = [one.metadata.name for one in stack.core.list_namespace().items]
    assert NAMESPACE not in listed


def metrics(stack):
    """Value by name and labels, from the prover itself; nothing while it does not answer."""
    try:
        text = stack.core.connect_get_namespaced_service_proxy_with_path(f"{NAMESPACE}:metrics", NAMESPACE, "metrics")
    except Exception:
        return {}
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name.removeprefix("runtime_security_detection_"): float(value) for name, _, value in lines}


def memory(stack):
    """Bytes by pod, as the kubelets have it."""
    found = {}
    for node in stack.core.list_node().items:
        answer = stack.core.connect_get_node_proxy_with_path(
            node.metadata.name, "stats/summary", _preload_content=False
        )
        pods = [pod for pod in json.loads(answer.data)["pods"] if pod["podRef"]["namespace"] == NAMESPACE]
        found |= {pod["podRef"]["name"]: pod["memory"]["workingSetBytes"] for pod in pods if "memory" in pod}
    assert found
    return found


def rounds(stack):
    return metrics(stack).get("round_timestamp_seconds", 0)


def unproven(stack):
    """Rule and hop of the detections that Grafana alerts on; nothing while Grafana does not answer."""
    try:
        groups = stack.grafana.request("GET", path("prometheus", "grafana", "api", "v1", "rules"))["data"]["groups"]
    except GrafanaError:
        return set()
    alerts = [alert for group in groups for rule in group["rules"] if rule["name"] == TITLE for alert in rule["alerts"]]
    firing = [alert["labels"] for alert in alerts if alert["state"].lower().startswith(("alerting", "firing"))]
    return {(labels["rule"], labels["hop"]) for labels in firing}


def rules(stack):
    return {re.search('rule="(.*?)"', name)[1] for name in metrics(stack) if name.startswith("watched_")}


def test_every_detection_is_proven(stack):
    began = time.time()
    live.wait("a round", lambda: rounds(stack) > began, 2 * INTERVAL)
    found = metrics(stack)
    proven = {name: value for name, value in found.items() if name.startswith("proven_")}
    assert len(proven) == len([name for name in found if name.startswith("watched_")]) == RULES + 1
    assert not [name for name in found if name.startswith("stopped")], found
    for hop in ("pod", "agent", "falco", "receiver", "audit"):
        seconds = [value for name, value in found.items() if name.startswith("seconds{") and f'hop="{hop}"' in name]
        print(f"hop {hop}: {min(seconds):.1f} to {max(seconds):.1f} s", flush=True)
    print(f"a round lasts {found['round_seconds']:.1f} s", flush=True)


def test_its_events_are_no_alerts(stack):
    """Grafana has looked at them by now: it evaluates every 10 s, and they are in Loki. Who installed the proof is reported."""
    groups = stack.grafana.request("GET", path("prometheus", "grafana", "api", "v1", "rules"))["data"]["groups"]
    labels = [alert["labels"] for group in groups for rule in group["rules"] for alert in rule["alerts"]]
    events = [one for one in labels if one["alertname"] == "Runtime event" and "rule" in one]
    # Those of the proof at the end of the run.
    assert events
    assert [one for one in events if one.get("k8s_ns_name") == NAMESPACE] == []
    assert [one for one in labels if NAMESPACE in one.get("user", "")] == []


def test_what_it_costs(stack):
    """CPU of the prover, which runs on one node, and of the triggers on each, without what starts a pod, at the default interval; memory."""
    before, start = metrics(stack), rounds(stack)
    live.wait("two rounds", lambda: rounds(stack) > start + 1.5 * INTERVAL, 4 * INTERVAL)
    after = metrics(stack)
    prover = (after["cpu_seconds"] - before["cpu_seconds"]) / 2
    nodes = {name: value for name, value in after.items() if name.startswith("trigger_cpu_seconds")}
    assert nodes
    for name, value in nodes.items():
        share = (prover + value) / 300
        print(f"{name}: {value:.2f} s of CPU a round, prover {prover:.2f} s: {share:.2%} of a core", flush=True)
        assert share < 0.01
    for name, size in memory(stack).items():
        print(f"pod {name}: {size / 2**20:.0f} MiB of memory", flush=True)
        assert size < 64 * 2**20


@pytest.mark.parametrize(
    ("faults", "hops"),
    [
        ((links.without_rule, links.without_target), {links.RULE: "falco", "": "prometheus"}),
        ((links.without_agent,), {"": "agent"}),
        ((links.bad_receiver,), {"": "receiver"}),
        # No line reaches it, though it answers.
        ((links.full_loki,), {"": "agent"}),
    ],
    ids=["rule deleted and target gone", "agent stopped", "receiver refusing", "Loki full"],
)
def test_the_alert_names_the_hop_and_clears(stack, faults, hops):
    assert len(rules(stack)) == RULES + 1
    expected = {(rule, hops.get(rule, hops[""])) for rule in rules(stack) - {AUDIT}}
    expected |= {(AUDIT, hops[""])} if hops[""] in AUDIT_HOPS else set()
    live.wait("no alert before", lambda: rounds(stack) and not unproven(stack), CLEARED)
    with contextlib.ExitStack() as cut:
        since = min([cut.enter_context(fault(stack)) for fault in faults])
        live.wait(f"the alerts {expected}", lambda: unproven(stack) == expected, PROMISED + INTERVAL)
        seconds = time.monotonic() - since
        print(f"{sorted(set(hops.values()))}: named {seconds:.0f} s after the fault", flush=True)
    repaired = time.monotonic()
    live.wait("no alert afterwards", lambda: rounds(stack) and not unproven(stack), CLEARED)
    print(f"{sorted(set(hops.values()))}: clear {time.monotonic() - repaired:.0f} s after the repair", flush=True)
    assert seconds < PROMISED
