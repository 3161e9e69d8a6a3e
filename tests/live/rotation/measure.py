"""What Falco makes of a process that was there before it, over everything that restarts Falco; prints a table.

Needs what test_rotation.py needs. With the machine's /proc, as the role finds it, and with the node's own, which a HOST_ROOT of the user's
brings back. Exit code 1 when with the machine's /proc an event is lost, but for the seconds in which a Falco that was killed is away, or
is given to another process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from live.lab_cluster import CONTEXT, FALCO, INPUTS, KUBECTL, kubectl, playbook
from live.rotation.node_logs import NodeLogs, folder_of
from live.rotation.stream import NAMESPACE, POD, Running, pod

PAUSE = 0.1
# Events after each step, which nothing disturbs.
AFTER = 100
LATE = 20
RULE = """
- rule: Written by anybody
  desc: The file of the test, whoever writes it; a rule on containers would be silent where Falco does not know the process.
  condition: evt.type in (open, openat, openat2) and evt.is_open_write = true and fd.name startswith /etc/{marker}-runs-
  output: A file of the test | file=%fd.name process=%proc.name
  priority: NOTICE
"""
OWN = {"extra": {"env": [{"name": "HOST_ROOT", "value": "/host"}]}}


def role(**inputs):
    code, text = playbook("tests/live/falco/play.yml", entry="main", runtime_security_context=CONTEXT, **inputs)
    assert code == 0, text[-3000:]


def rotate(what, **inputs):
    code, text = playbook("playbooks/rotate_certificates.yml", falco_ebpf_rotate=what, **inputs)
    assert code == 0, text[-3000:]


def kill():
    subprocess.run(["docker", "exec", CONTEXT, "sh", "-c", "kill -9 $(pidof falco)"], check=True)
    time.sleep(3)
    kubectl("rollout", "status", "daemonset/falco", "--namespace", FALCO, "--timeout=120s")


def steps(values, rules):
    """Name and work of each, in their order."""
    more = {"falco_ebpf_values": values, "falco_ebpf_rules": rules}
    changed = {**more, "falco_ebpf_rules": [*rules, {"name": "changed", "content": "- list: changed\n  items: []\n"}]}
    yield "install", lambda: role(**more)
    yield "rule change", lambda: role(**changed)
    yield "certificates", lambda: rotate("certificates", **changed)
    yield "CA", lambda: rotate("ca", **changed)
    yield "SIGKILL", kill


def measure(title, values, image):
    """Lines of the table for one /proc."""
    marker = f"before-{uuid.uuid4().hex[:8]}"
    written = rf"/etc/{marker}-runs-(\d+)- "
    patterns = {"seen": written, "named": written + f".*k8s_pod_name={POD}", "nobody": written + ".*k8s_pod_name=<NA>"}
    receipts, runs = NodeLogs(folder_of(CONTEXT), FALCO, "falcosidekick", patterns), Running(KUBECTL, NAMESPACE, PAUSE)
    rules = [{"name": "anybody", "content": RULE.format(marker=marker)}]
    # A receiver that does not log events yet would be replaced by the first step, and take its last ones with it.
    role(falco_ebpf_values=values)
    kubectl("create", "namespace", NAMESPACE)
    kubectl("apply", "-f", "-", input=json.dumps(pod(image, marker, 5)))
    kubectl("wait", "--namespace", NAMESPACE, "--for=condition=Ready", f"pod/{POD}", "--timeout=60s")
    receipts.start()
    runs.start()
    try:
        for name, work in steps(values, rules):
            begun = len(runs.sent)
            work()
            ended = len(runs.sent)
            time.sleep(AFTER * PAUSE + 1)
            # Before the first Falco with the test's rule nothing is seen of it.
            sent = set(range(ended if name == "install" else begun, ended + AFTER))
            deadline = time.monotonic() + LATE
            while sent - receipts.numbers["seen"] and time.monotonic() < deadline:
                time.sleep(0.5)
            seen = sent & receipts.numbers["seen"]
            named = sent & receipts.numbers["named"]
            wrong = seen - named - receipts.numbers["nobody"]
            yield title, name, len(sent), len(seen), len(named), len(sent - seen), len(wrong)
    finally:
        runs.stopped.set()
        receipts.stop()
        kubectl("delete", "namespace", NAMESPACE, "--wait=true")


def main():
    ours = INPUTS.get("falco_ebpf_values") or {}
    image, ok = os.environ["RUNTIME_SECURITY_IMAGE"], True
    form = "{:<20} {:<14} {:>6} {:>6} {:>16} {:>6} {:>18}"
    print(form.format("/proc", "step", "events", "seen", "of the right pod", "lost", "given to another"), flush=True)
    for title, values in (("the machine's", ours), ("the node's own", {**ours, **OWN})):
        for line in measure(title, values, image):
            print(form.format(*line), flush=True)
            _title, step, sent, seen, named, _lost, _wrong = line
            if values is ours and (named != seen or (seen != sent and step != "SIGKILL")):
                ok = False
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
