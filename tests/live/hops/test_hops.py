# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All hops with TLS at once: nothing is to be read on the node's wires, and no rotation loses or doubles a line or an event.

HOPS_LEAST is the least number of lines (5000); of the events of each kind there are two fifths as many.
"""

from __future__ import annotations

import collections
import json
import os
import re
import time

from live.lab_cluster import FALCO, kubectl, succeeded
from live.loki.stream import Stream, lines
from live.rotation.events import caused
from live.rotation.node_logs import ranges
from live.tls.questions import Questions

from .clear import HOPS, watched, words

LEAST = int(os.environ.get("HOPS_LEAST", "5000"))
# A second: lines, and events of both kinds together.
PACE = 20
MOST_SECONDS = 10
# Seconds for the last lines and events to arrive.
LATE = 60
ROLES = ("falco_ebpf", "loki_stack", "metrics_stack")


def rotate(what):
    every = {f"{role}_rotate": what for role in ROLES}
    return succeeded("playbooks/rotate_certificates.yml", runtime_security_tls=True, **every)


def certificates():
    """What tells today's certificates from yesterday's, by the names of their Secrets."""
    found = {}
    for namespace in (FALCO, "monitoring"):
        for item in json.loads(kubectl("get", "secrets", "--namespace", namespace, "--output", "json"))["items"]:
            if item["metadata"]["name"].endswith(("-ca", "-tls")):
                found[item["metadata"]["name"]] = item["data"]
    return found


def nothing_in_clear(wire, marker=""):
    """No word of the pipeline's, and no connection that nobody expects; what is known to be in clear was seen."""
    print(f"\n{wire.table()}")
    assert wire.dropped == 0
    assert {name: dict(ports) for name, ports in wire.seen(words(marker)).items() if ports} == {}
    assert wire.unknown() == []
    assert min(wire.secured()[port] for port in HOPS) > 0
    assert wire.has(f"Bearer {wire.control}".encode(), 2810), "the capture lacks the test's own request"
    assert wire.has(b"GET /metrics", 8765) and wire.has(b"falcosecurity_", 8765), "the capture lacks Falco's metrics"


def test_a_run_with_its_proof_says_nothing_in_clear(folder):
    with watched(folder / "proof") as wire:
        succeeded("site.yml", runtime_security_tls=True)
    nothing_in_clear(wire)


class Arrived:
    """What Loki has of the lines and of the events, by number, until all of it is there or the time is over."""

    def __init__(self, cluster, stream, events):
        self._cluster, self._stream, self._events = cluster, stream, events
        self.written, (self.new, self.running) = stream.written(), events.sent()
        self.lines, self.events = collections.Counter(), {}

    def wait(self):
        end = time.monotonic() + LATE
        while True:
            self.lines = self._stream.arrived()
            self.events = self._counted()
            if not (self.lost_lines() or self.lost_events()) or time.monotonic() > end:
                return
            time.sleep(2)

    def _counted(self):
        patterns = {name: re.compile(pattern) for name, pattern in self._events.patterns.items()}
        counts = {name: collections.Counter() for name in patterns}
        query = f'{{namespace="{FALCO}", container="falco"}} |= "{self._events.marker}"'
        for line in lines(self._cluster, query, self._stream.started):
            for name, pattern in patterns.items():
                counts[name].update(map(int, set(pattern.findall(line))))
        return counts

    def lost_lines(self):
        return {number for number in range(1, self.written + 1) if not self.lines[number]}

    def lost_events(self):
        """Those of which Loki has fewer lines than Falco wrote, of either kind."""
        logged = self._events.falcos.counts
        return {
            (kind, number)
            for kind, numbers in (("new", self.new), ("running", self.running))
            for number in numbers
            if self.events[kind][number] < max(1, logged[kind][number])
        }

    def doubled(self):
        """Lines that came twice, and events of which Loki or the receiver has more than Falco wrote."""
        logged, received = self._events.falcos.counts, self._events.receivers.counts
        found = {("line", number) for number, count in self.lines.items() if count > 1}
        for kind in ("new", "running"):
            found |= {(kind, n) for n, count in self.events[kind].items() if count > logged[kind][n]}
            found |= {(f"{kind} at the receiver", n) for n, count in received[kind].items() if count > logged[kind][n]}
        return found

    def overlaps(self):
        """How many events two Falcos saw: in a rollout the next one starts before the last one ends."""
        logged = self._events.falcos.counts
        return sum(logged[kind][n] > 1 for kind, ns in (("new", self.new), ("running", self.running)) for n in ns)

    def described(self, failures):
        """What is wrong with the lines and events, for a person; failures: those that the receiver's log shows."""
        received = ", ".join(f"{len(numbers)} {what}" for what, (numbers, _seen) in failures.items())
        return (
            f"in Loki lost {len(self.lost_lines())} lines, {len(self.lost_events())} events; at the receiver: {received}"
            f"\ntwice {len(self.doubled())}; seen by two Falcos, and so twice: {self.overlaps()} events"
        )


def test_a_rotation_of_every_hop(folder, image, cluster):
    with (
        watched(folder / "rotation") as wire,
        Questions() as questions,
        Stream(cluster, image, 100 * LEAST, 100 * LEAST / PACE) as stream,
        caused(image, 2 / PACE) as events,
    ):
        before = certificates()
        seconds = {"certificates": rotate("certificates")}
        between = certificates()
        seconds["ca"] = rotate("ca")
        after = certificates()
        while stream.written() < LEAST or min(map(len, events.sent())) < LEAST * 2 / 5:
            time.sleep(1)
        took = time.monotonic() - events.begun
        # Both streams go on: what is counted was there before.
        arrived = Arrived(cluster, stream, events)
        events.wait_for(arrived.new, arrived.running, LATE)
        arrived.wait()

    failures = events.failures(arrived.new, arrived.running)
    print(
        f"\nnew certificates in {seconds['certificates']:.0f} s, new CAs in {seconds['ca']:.0f} s; {arrived.written} lines, "
        f"{len(arrived.new)} events of new processes, {len(arrived.running)} of one that ran all the time, in {took:.0f} s"
        f"\n{arrived.described(failures)}\n{questions}\nload of the last 1, 5 and 15 minutes {os.getloadavg()}, {os.cpu_count()} processors"
    )
    cas = {name for name in before if name.endswith("-ca")}
    assert {name for name in before if before[name] == between[name]} == cas and len(cas) == 3
    assert [name for name in before if between[name] == after[name]] == []
    assert events.lost(failures) == []
    assert (ranges(arrived.lost_lines()), arrived.lost_events(), arrived.doubled()) == ("", set(), set())
    nothing_in_clear(wire, events.marker)
    assert max(questions.gaps.values()) < MOST_SECONDS
