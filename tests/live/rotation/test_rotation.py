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
from .stream import NAMESPACE, POD, RECEIVERS, Follower, Receipts, Running, pod

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
    receipts = Receipts(KUBECTL, FALCO, patterns)
    stream, runs = {"new": set()}, Running(KUBECTL, NAMESPACE, float(PAUSE))
    with wire.capture(CONTEXT, tmp_path / "wire", (2801, 2810)) as captured:
        receipts.start()
        kubectl("apply", "-f", "-", input=json.dumps(pod(os.environ["RUNTIME_SECURITY_IMAGE"], marker, PAUSE)))
        kubectl("wait", "--namespace", NAMESPACE, "--for=condition=Ready", f"pod/{POD}", "--timeout=60s")
        Follower(KUBECTL, NAMESPACE, POD, {"new": r"^(\d+)$"}, stream, POD).start()
        runs.start()
        begun = time.monotonic()
        before = serials()
        seconds = {"certificates": rotate("certificates")}
        between = serials()
        seconds["ca"] = rotate("ca")
        after = serials()
        while len(stream["new"]) < LEAST or len(runs.sent) < LEAST:
            assert runs.is_alive(), f"the process that runs all the time was left after {len(runs.sent)} events"
            time.sleep(1)
        # The stream goes on: its end may kill the reading of a file whose number is still printed.
        sent, written = stream["new"].copy(), runs.sent.copy()
        pace = len(sent) / (time.monotonic() - begun)
        deadline = time.monotonic() + LATE
        while (sent - receipts.numbers["new"] or written - receipts.numbers["named"]) and time.monotonic() < deadline:
            time.sleep(0.5)
        runs.stopped.set()
        kubectl("delete", "pod", "--namespace", NAMESPACE, POD)
        # What the capture would show of an event in clear: the same words on the plain port.
        plain = f"{marker}-in-clear"
        receiver = staying_pods(FALCO, "--selector", RECEIVERS)[0]
        run(["docker", "exec", CONTEXT, "curl", "-sS", f"http://{receiver['status']['podIP']}:2810/{plain}"])
    receipts.stop()

    clients, servers = captured.hellos()
    lost = sorted(sent - receipts.numbers["new"])
    missing = sorted(written - receipts.numbers["running"])
    unnamed = sorted(written & receipts.numbers["running"] - receipts.numbers["named"])
    print(
        f"\n{len(sent)} events of new processes at {pace:.1f} a second, {len(lost)} lost; {len(written)} of one that ran all the time, "
        f"{len(missing)} lost, {len(unnamed)} without its pod; rotation of the certificates "
        f"{seconds['certificates']:.0f} s, of the CA {seconds['ca']:.0f} s; "
        f"{len(receipts.followers)} receivers, {clients} TLS connections, {len(captured.content)} bytes on the wire"
    )
    assert [name for name in before if before[name] == between[name]] == ["falco-ca"]
    assert [name for name in before if between[name] == after[name]] == []
    assert lost == [], f"of {len(sent)}, first {lost[:10]}"
    assert missing == [], f"of {len(written)}, first {missing[:10]}"
    assert unnamed == [], f"of {len(written)}, first {unnamed[:10]}"
    assert min(len(sent), len(written)) >= LEAST
    assert plain.encode() in captured.content, "the capture shows nothing that is there"
    assert f"{marker}-0-".encode() not in captured.content
    assert captured.content.count(marker.encode()) == captured.content.count(plain.encode())
    assert clients >= servers >= 4
