# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""None"""

from __future__ import annotations

import json
import threading

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof import (
    audit,
    delivery,
    etcd,
    marker,
    shell,
    targets,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.queries import Entry, Sample
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.watch import NotSeen, Watch
from proof_results import BRIEF, only, verdict


class FakePod:
    namespace = "proof"
    name = "pipeline-proof-1"
    marker = "marker-1"
    created_at = 0.0

    def __init__(self):
        self.shells = 0

    def wait_running(self):
        pass

    def print_marker(self):
        return 0.0

    def start_shell(self, number):
        self.shells = number


class FakeQueries:
    def __init__(self, lines=(), samples=()):
        self.answers = {"lines": list(lines), "samples": list(samples)}
        self.asked = []

    def lines(self, expression, back_seconds=0):
        self.asked.append(expression)
        return [Entry(number, text) for number, text in enumerate(self.answers["lines"])]

    def count(self, expression):
        return len(self.lines(expression))

    def samples(self, expression):
        self.asked.append(expression)
        return self.answers["samples"]


def test_etcd_wants_a_finished_compaction():
    queries = FakeQueries(["finished scheduled compaction"])
    entry = only(etcd.etcd_lines(Watch(5), queries))
    assert verdict(entry) == ('{container="etcd"} |= "compaction"', True)
    assert queries.asked == ['{container="etcd"} |= "finished scheduled compaction"']


def test_etcd_without_lines():
    assert not only(etcd.etcd_lines(Watch(BRIEF), FakeQueries()))["ok"]


def test_marker_is_looked_for_in_the_pods_namespace():
    queries = FakeQueries(["marker-1"])
    entry = only(marker.marker_line(Watch(5), queries, FakePod()))
    assert verdict(entry) == ("a pod's log line reaches Loki", True)
    assert queries.asked == ['{namespace="proof"} |= "marker-1"']


def _audit(**fields):
    reference = {"resource": "pods", "name": FakePod.name}
    return {"verb": "create", "objectRef": reference, "user": {"username": "admin"}, **fields}


def test_audit_of_the_creation():
    entry = only(audit.audit_line(Watch(5), FakeQueries(["no JSON", json.dumps(_audit())]), FakePod()))
    assert verdict(entry) == ("the audit log is searchable", True)
    assert "by admin" in entry["detail"]


def test_audit_of_something_else():
    queries = FakeQueries([json.dumps(_audit(objectRef={"resource": "pods", "name": "another"})), "{}"])
    entry = only(audit.audit_line(Watch(BRIEF), queries, FakePod()))
    assert not entry["ok"]
    assert '`"verb":"create"`' in queries.asked[0]


def _event(number):
    return json.dumps({"rule": shell.RULE, "priority": "Notice", "output": f"sh -c echo marker-1-{number}; sleep 1"})


@pytest.fixture
def _often(monkeypatch):
    monkeypatch.setattr(shell, "_EVERY_SECONDS", 0.005)
    monkeypatch.setattr(shell, "_REPEAT_SECONDS", 0.01)
    monkeypatch.setattr(shell, "_MORE_SECONDS_AFTER_EVENT", 0.01)


def settled(watch):
    """Nobody is being replaced."""


def test_no_shell_before_the_receiver_is_the_one_that_stays(_often):
    watch, pod = Watch(BRIEF), FakePod()

    def never(watch):
        raise NotSeen("pod falco/receiver-1 still ends")

    shells = shell.Shells(watch, pod, never)
    entry = only(shell.shell_in_loki(watch, FakeQueries(), shells, "falco"))
    assert not entry["ok"]
    assert "shells started: 0; pod falco/receiver-1 still ends" in entry["detail"]


def test_shell_names_the_one_that_was_seen(_often):
    watch, pod = Watch(5), FakePod()
    shells = shell.Shells(watch, pod, settled)
    queries = FakeQueries()
    timer = threading.Timer(0.1, lambda: queries.answers.update(lines=[_event(2), _event(3)]))
    timer.start()
    entry = only(shell.shell_in_loki(watch, queries, shells, "falco"))
    assert verdict(entry) == (shell.LOKI, True)
    assert "priority Notice; shell 2 of " in entry["detail"]


def test_shells_stop_when_both_ends_have_seen_one(_often):
    watch, pod = Watch(5), FakePod()
    shells = shell.Shells(watch, pod, settled)
    loki = only(shell.shell_in_loki(watch, FakeQueries([_event(1)]), shells, "falco"))
    assert shells._thread.is_alive()
    queries = FakeQueries(samples=[Sample({}, 1.0)])
    counter = only(shell.shell_in_prometheus(watch, queries, shells, "falco"))
    # A second Falco counts the same shell.
    assert 'namespace="falco"' in queries.asked[0]
    shells._thread.join(5)
    assert loki["ok"] and counter["ok"]
    assert not shells._thread.is_alive()


def test_a_counter_at_zero_proves_nothing(_often):
    watch = Watch(BRIEF)
    queries = FakeQueries(samples=[Sample({}, 0.0)])
    entry = only(shell.shell_in_prometheus(watch, queries, shell.Shells(watch, FakePod(), settled), "falco"))
    assert verdict(entry) == (shell.PROMETHEUS, False)


def test_a_shell_that_does_not_start_is_told(_often):
    watch, pod = Watch(BRIEF), FakePod()

    def refuse(number):
        raise ValueError("exec is forbidden")

    pod.start_shell = refuse
    entry = only(shell.shell_in_loki(watch, FakeQueries(), shell.Shells(watch, pod, settled), "falco"))
    assert not entry["ok"]
    assert "the last one failed: exec is forbidden" in entry["detail"]


@pytest.mark.parametrize(
    ("logged", "counted", "ok", "words"),
    [
        (2, [2.0], True, "2 in Falco's log, 2 counted"),
        (2, [1.0], False, "Falco's log has 2 events of pod pipeline-proof-1, the receiver counted 1"),
        (1, [], False, "the receiver counted 0"),
        (0, [], False, "Falco's log has 0 events"),
        (0, [1.0], False, "Falco's log has 0 events"),
    ],
    ids=["delivered", "one lost", "all lost", "no event", "no log"],
)
def test_delivery_needs_the_same_events_on_both_ways(_often, logged, counted, ok, words):
    watch = Watch(0.05)
    queries = FakeQueries([_event(1)] * logged, [Sample({}, value) for value in counted])
    entry = only(delivery.delivery(watch, queries, shell.Shells(watch, FakePod(), settled), "falco"))
    assert verdict(entry) == (delivery.NAME, ok)
    assert words in entry["detail"]


def _up(service, value=1.0):
    return Sample({"namespace": "falco", "service": service, "instance": "10.0.0.1:2810"}, value)


@pytest.mark.parametrize(
    "samples, ok, words",
    [
        ([_up("a"), _up("b")], True, "2 targets up"),
        ([_up("a")], False, "not scraped: b"),
        ([_up("a"), _up("b", 0.0)], False, "down: falco/b at 10.0.0.1:2810"),
        ([], False, "not scraped: a, b"),
    ],
)
def test_targets(samples, ok, words):
    queries = FakeQueries(samples=samples)
    entry = only(targets.scrape_targets(Watch(BRIEF), queries, ["monitoring", "falco"], ["a", "b"]))
    assert entry["ok"] is ok
    assert words in entry["detail"]
    up = 'up{namespace=~"monitoring|falco"}'
    assert queries.asked[0].startswith(f"({up} unless timestamp({up}) < ")
    assert queries.asked[0].endswith(') or up{job="prometheus"}')
