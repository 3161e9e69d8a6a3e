"""Under a steady stream of events both rotations lose none, and none of them crosses the wire in clear.

Needs a pipeline of the lab's whose receiver prints each event (falcosidekick.config.debug), and root for the capture.
ROTATION_EVENTS is the least number of events (2000), ROTATION_PAUSE the seconds between two of them (0.04).
"""

from __future__ import annotations

import json
import os
import time
import uuid

import pytest
from lab_cluster import CONTEXT, FALCO, KUBECTL, kubectl, playbook, run, staying_pods

from . import wire
from .stream import NAMESPACE, POD, RECEIVERS, Follower, Receipts, pod

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
    receipts = Receipts(KUBECTL, FALCO, rf"{marker}-(\d+)-")
    stream = set()
    with wire.capture(CONTEXT, tmp_path / "wire", (2801, 2810)) as captured:
        receipts.start()
        kubectl("apply", "-f", "-", input=json.dumps(pod(os.environ["RUNTIME_SECURITY_IMAGE"], marker, PAUSE)))
        kubectl("wait", "--namespace", NAMESPACE, "--for=condition=Ready", f"pod/{POD}", "--timeout=60s")
        Follower(KUBECTL, NAMESPACE, POD, r"^(\d+)$", stream).start()
        begun = time.monotonic()
        before = serials()
        seconds = {"certificates": rotate("certificates")}
        between = serials()
        seconds["authority"] = rotate("authority")
        after = serials()
        while len(stream) < LEAST:
            time.sleep(1)
        # The stream goes on: its end may kill the reading of a file whose number is still printed.
        sent = stream.copy()
        pace = len(sent) / (time.monotonic() - begun)
        deadline = time.monotonic() + LATE
        while sent - receipts.numbers and time.monotonic() < deadline:
            time.sleep(0.5)
        kubectl("delete", "pod", "--namespace", NAMESPACE, POD)
        # What the capture would show of an event in clear: the same words on the plain port.
        plain = f"{marker}-in-clear"
        receiver = staying_pods(FALCO, "--selector", RECEIVERS)[0]
        run(["docker", "exec", CONTEXT, "curl", "-sS", f"http://{receiver['status']['podIP']}:2810/{plain}"])
    receipts.stop()

    clients, servers = captured.hellos()
    lost = sorted(sent - receipts.numbers)
    print(
        f"\n{len(sent)} events at {pace:.1f} a second, {len(lost)} lost; rotation of the certificates "
        f"{seconds['certificates']:.0f} s, of the authority {seconds['authority']:.0f} s; "
        f"{len(receipts.followers)} receivers, {clients} TLS connections, {len(captured.content)} bytes on the wire"
    )
    assert [name for name in before if before[name] == between[name]] == ["falco-ca"]
    assert [name for name in before if between[name] == after[name]] == []
    assert lost == [], f"of {len(sent)}, first {lost[:10]}"
    assert len(sent) >= LEAST
    assert plain.encode() in captured.content, "the capture shows nothing that is there"
    assert f"{marker}-0-".encode() not in captured.content
    assert captured.content.count(marker.encode()) == captured.content.count(plain.encode())
    assert clients >= servers >= 4
