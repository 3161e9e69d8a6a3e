"""Under a steady stream of events both rotations lose none, and none of them crosses the wire in clear.

Needs a pipeline of the lab's whose receiver prints each event (falcosidekick.config.debug), and root for the capture.
Events come from processes that begin meanwhile, and from one that runs all the time: Falco restarts in a rotation, and has to find
that one again. ROTATION_EVENTS is the least number of events of each kind (2000), ROTATION_PAUSE the seconds between two of them (0.04).
"""

from __future__ import annotations

import json
import os
import time
import uuid

import pytest

from live.lab_cluster import CONTEXT, FALCO, KUBECTL, kubectl, playbook, run, staying_pods

from . import wire
from .node_logs import NodeLogs, folder_of
from .stream import NAMESPACE, POD, RECEIVERS, Running, pod

LEAST = int(os.environ.get("ROTATION_EVENTS", "2000"))
PAUSE = os.environ.get("ROTATION_PAUSE", "0.04")
# Seconds for the last events to arrive.
LATE = 15


def rotate(what):
    started = time.monotonic()
    code, text = playbook("playbooks/rotate_certificates.yml", falco_ebpf_rotate=what)
    assert code == 0, text[-3000:]
    return time.monotonic() - started


def serials():
    """What tells today's certificates from yesterday's."""
    names = ("falco-ca", "falco-receiver-tls", "falco-client-tls")
    listed = json.loads(kubectl("get", "secrets", "--namespace", FALCO, "-o", "json"))["items"]
    return {item["metadata"]["name"]: item["data"] for item in listed if item["metadata"]["name"] in names}


def ranges(numbers):
    """Numbers in short, such as "3-5, 9"."""
    ordered = sorted(numbers)
    firsts = [number for number in ordered if number - 1 not in numbers]
    lasts = [number for number in ordered if number + 1 not in numbers]
    return ", ".join(
        str(first) if first == last else f"{first}-{last}" for first, last in zip(firsts, lasts, strict=True)
    )


@pytest.fixture
def marker():
    name = f"rotation-{uuid.uuid4().hex[:8]}"
    kubectl("create", "namespace", NAMESPACE)
    yield name
    kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def test_no_event_is_lost_and_none_is_sent_in_clear(marker, tmp_path):
    # A process that is known by its pod; the event's text has the file before the pod.
    running = rf"{marker}-runs-(\d+)- "
    patterns = {"new": rf"{marker}-(\d+)-", "running": running, "named": running + f".*k8s_pod_name={POD}"}
    folder = folder_of(CONTEXT)
    receivers, falcos = (NodeLogs(folder, FALCO, container, patterns) for container in ("falcosidekick", "falco"))
    stream = NodeLogs(folder, NAMESPACE, POD, {"new": r" stdout F (\d+)$"})
    runs = Running(KUBECTL, NAMESPACE, float(PAUSE))
    with wire.capture(CONTEXT, tmp_path / "wire", (2801, 2810)) as captured:
        for logs in (receivers, falcos, stream):
            logs.start()
        kubectl("apply", "-f", "-", input=json.dumps(pod(os.environ["RUNTIME_SECURITY_IMAGE"], marker, PAUSE)))
        kubectl("wait", "--namespace", NAMESPACE, "--for=condition=Ready", f"pod/{POD}", "--timeout=60s")
        runs.start()
        begun = time.monotonic()
        before = serials()
        seconds = {"certificates": rotate("certificates")}
        between = serials()
        seconds["ca"] = rotate("ca")
        after = serials()
        while len(stream.numbers["new"]) < LEAST or len(runs.sent) < LEAST:
            assert runs.is_alive(), f"the process that runs all the time was left after {len(runs.sent)} events"
            time.sleep(1)
        # The stream goes on: its end may kill the reading of a file whose number is still printed.
        sent, written = stream.numbers["new"].copy(), runs.sent.copy()
        pace = len(sent) / (time.monotonic() - begun)
        deadline = time.monotonic() + LATE
        arrived = receivers.numbers
        while (sent - arrived["new"] or written - arrived["named"]) and time.monotonic() < deadline:
            time.sleep(0.5)
        runs.stopped.set()
        kubectl("delete", "pod", "--namespace", NAMESPACE, POD)
        # What the capture would show of an event in clear: the same words on the plain port.
        plain = f"{marker}-in-clear"
        receiver = staying_pods(FALCO, "--selector", RECEIVERS)[0]
        run(["docker", "exec", CONTEXT, "curl", "-sS", f"http://{receiver['status']['podIP']}:2810/{plain}"])
    for logs in (receivers, falcos, stream):
        logs.stop()

    clients, servers = captured.hellos()
    seen = falcos.numbers
    failures = {
        f"of {len(sent)} events of new processes are lost": (sent - arrived["new"], seen["new"]),
        f"of {len(written)} events of the one that runs are lost": (written - arrived["running"], seen["running"]),
        f"of {len(written)} events of the one that runs are without its pod": (
            written & arrived["running"] - arrived["named"],
            seen["named"],
        ),
    }
    print(
        f"\n{len(sent)} events of new processes at {pace:.1f} a second, {len(written)} of one that ran all the time; "
        + ", ".join(f"{len(numbers)} {what}" for what, (numbers, _seen) in failures.items())
        + f"; rotation of the certificates {seconds['certificates']:.0f} s, of the CA {seconds['ca']:.0f} s; "
        f"{len(receivers.files)} receivers, {clients} TLS connections, {len(captured.content)} bytes on the wire"
    )
    assert [name for name in before if before[name] == between[name]] == ["falco-ca"]
    assert [name for name in before if between[name] == after[name]] == []
    lost = [
        f"{len(numbers)} {what}: {ranges(numbers)}. In Falco's own log are {len(numbers & seen)} of them."
        for what, (numbers, seen) in failures.items()
        if numbers
    ]
    if lost:
        complaints = [line for line in falcos.others if " stderr F " in line]
        pytest.fail("\n".join([*lost, "Falco's messages:", *complaints[-40:]]), pytrace=False)
    assert min(len(sent), len(written)) >= LEAST
    assert plain.encode() in captured.content, "the capture shows nothing that is there"
    assert f"{marker}-0-".encode() not in captured.content
    assert captured.content.count(marker.encode()) == captured.content.count(plain.encode())
    assert clients >= servers >= 4
