# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results of rounds as metrics."""

from __future__ import annotations

import urllib.request

import prover
from hops import HOPS, Seen
from ledger import PREFIX, Ledger

RULE = "Write below etc"


def whole(**seconds):
    return Seen({hop: 1.5 for hop in HOPS} | seconds)


def samples(ledger):
    lines = [line for line in ledger.text().splitlines() if not line.startswith("#")]
    return {name.removeprefix(PREFIX): float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def of(name, hop="", node="one"):
    return f'_{name}{{rule="{RULE}",node_name="{node}"' + (f',hop="{hop}"' if hop else "") + "}"


def test_nothing_is_claimed_before_the_first_round():
    found = samples(Ledger(300, 60))
    assert sorted(found) == ["_cpu_seconds", "_interval_seconds", "_wait_seconds"]
    assert found["_interval_seconds"] == 300


def test_a_whole_detection():
    ledger = Ledger(300, 60)
    ledger.record({("one", RULE): whole(falco=2.5)}, 1000, 1030, {"one": 0.125})
    found = samples(ledger)
    assert found[of("proven_timestamp_seconds")] == 1030
    assert found[of("watched_timestamp_seconds")] == 1000
    assert found[of("last_success_timestamp_seconds", "receiver")] == 1030
    assert found[of("seconds", "falco")] == 2.5
    assert found["_round_timestamp_seconds"] == 1030
    assert found["_round_seconds"] == 30
    assert found['_trigger_cpu_seconds{node_name="one"}'] == 0.125
    assert not [name for name in found if name.startswith("_stopped")]


def test_a_detection_that_stopped_keeps_its_last_success_and_clears():
    ledger = Ledger(300, 60)
    ledger.record({("one", RULE): whole()}, 1000, 1030)
    stopped = whole()
    stopped.failed("receiver", "not seen")
    ledger.record({("one", RULE): stopped}, 1300, 1360)
    found = samples(ledger)
    assert found[of("stopped", "receiver")] == 1
    assert found[of("proven_timestamp_seconds")] == 1030
    assert found[of("last_success_timestamp_seconds", "receiver")] == 1030
    assert found[of("last_success_timestamp_seconds", "falco")] == 1360
    assert found[of("watched_timestamp_seconds")] == 1000
    ledger.record({("one", RULE): whole()}, 1600, 1620)
    assert of("stopped", "receiver") not in samples(ledger)
    assert samples(ledger)[of("proven_timestamp_seconds")] == 1620


def test_a_detection_that_never_worked_is_watched_and_not_proven():
    ledger = Ledger(300, 60)
    ledger.record({("one", RULE): Seen()}, 1000, 1060)
    found = samples(ledger)
    assert found[of("stopped", "pod")] == 1
    assert of("watched_timestamp_seconds") in found
    assert of("proven_timestamp_seconds") not in found


def test_a_node_that_is_gone_is_forgotten():
    ledger = Ledger(300, 60)
    ledger.record({("one", RULE): whole(), ("two", RULE): Seen()}, 1000, 1030)
    ledger.record({("one", RULE): whole()}, 1300, 1330)
    assert not [name for name in samples(ledger) if 'node_name="two"' in name]


def test_a_round_that_lasts_longer_than_the_interval_is_the_interval():
    ledger = Ledger(60, 30)
    ledger.record({("one", RULE): whole()}, 1000, 1200)
    assert samples(ledger)["_interval_seconds"] == 200


def test_prometheus_can_read_it():
    ledger = Ledger(300, 60)
    ledger.record({("one", 'a "rule" \\'): whole()}, 1000, 1030)
    server = prover.serve(ledger, 0)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_address[1]}/metrics", timeout=5) as answer:
            text = answer.read().decode()
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    finally:
        server.shutdown()
        server.server_close()
    assert 'rule="a \\"rule\\" \\\\"' in text
    assert text.endswith("\n")
