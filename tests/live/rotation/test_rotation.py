"""Under a steady stream of events both rotations lose none, and none of them crosses the wire in clear.

Needs what events.py needs, and root for the capture. ROTATION_EVENTS is the least number of events of each kind (2000),
ROTATION_PAUSE the seconds between two of them (0.04).
"""

from __future__ import annotations

import json
import os
import time

import pytest

from live.lab_cluster import CONTEXT, FALCO, kubectl, run, staying_pods, succeeded

from . import wire
from .events import caused
from .stream import RECEIVERS

LEAST = int(os.environ.get("ROTATION_EVENTS", "2000"))
PAUSE = os.environ.get("ROTATION_PAUSE", "0.04")
# Seconds for the last events to arrive.
LATE = 15


def rotate(what):
    return succeeded("playbooks/rotate_certificates.yml", falco_ebpf_rotate=what)


def serials():
    """What tells today's certificates from yesterday's."""
    names = ("falco-ca", "falco-receiver-tls", "falco-client-tls")
    listed = json.loads(kubectl("get", "secrets", "--namespace", FALCO, "-o", "json"))["items"]
    return {item["metadata"]["name"]: item["data"] for item in listed if item["metadata"]["name"] in names}


def test_no_event_is_lost_and_none_is_sent_in_clear(tmp_path):
    with wire.capture(CONTEXT, tmp_path / "wire", (2801, 2810)) as captured:
        with caused(os.environ["RUNTIME_SECURITY_IMAGE"], PAUSE) as events:
            before = serials()
            seconds = {"certificates": rotate("certificates")}
            between = serials()
            seconds["ca"] = rotate("ca")
            after = serials()
            while min(map(len, events.sent())) < LEAST:
                time.sleep(1)
            # The stream goes on: its end may kill the reading of a file whose number is still printed.
            sent, written = events.sent()
            pace = len(sent) / (time.monotonic() - events.begun)
            events.wait_for(sent, written, LATE)
        # What the capture would show of an event in clear: the same words on the plain port.
        plain = f"{events.marker}-in-clear"
        receiver = staying_pods(FALCO, "--selector", RECEIVERS)[0]
        run(["docker", "exec", CONTEXT, "curl", "-sS", f"http://{receiver['status']['podIP']}:2810/{plain}"])

    clients, servers = captured.hellos()
    failures = events.failures(sent, written)
    print(
        f"\n{len(sent)} events of new processes at {pace:.1f} a second, {len(written)} of one that ran all the time; "
        + ", ".join(f"{len(numbers)} {what}" for what, (numbers, _seen) in failures.items())
        + f"; rotation of the certificates {seconds['certificates']:.0f} s, of the CA {seconds['ca']:.0f} s; "
        f"{len(events.receivers.files)} receivers, {clients} TLS connections, {len(captured.content)} bytes on the wire"
    )
    assert [name for name in before if before[name] == between[name]] == ["falco-ca"]
    assert [name for name in before if between[name] == after[name]] == []
    lost = events.lost(failures)
    if lost:
        pytest.fail("\n".join(lost), pytrace=False)
    assert min(len(sent), len(written)) >= LEAST
    assert plain.encode() in captured.content, "the capture shows nothing that is there"
    assert f"{events.marker}-0-".encode() not in captured.content
    assert captured.content.count(events.marker.encode()) == captured.content.count(plain.encode())
    assert clients >= servers >= 4
