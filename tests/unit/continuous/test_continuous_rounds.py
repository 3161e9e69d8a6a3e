# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One round with each link broken in turn: the hop at which the detection stopped is named."""

from __future__ import annotations

import json

import hops
import prover
import pytest
import rounds
from kubernetes_api import ApiError
from pods import pod_name
from sources import NoAnswer

SHELL, WRITE = "Terminal shell in container", "Write below etc"
NODES = ["one", "two"]
COMMAND = "Command in a pod"
SETTINGS = rounds.Settings("continuous-proof", "falco", [SHELL, WRITE], 10, (COMMAND,))


class Pipeline:
    """A cluster with its log agent, Loki, Falco, receiver and Prometheus, of which parts are broken: (part, node or rule)."""

    def __init__(self, *broken):
        self.broken = set(broken)
        self.marker = ""
        self.ran: list[str] = []
        self.removed = False
        self.counters = {(pod_name(node), rule): 3.0 for node in NODES for rule in SETTINGS.rules}

    def is_broken(self, part, *where):
        return part in self.broken or any((part, one) in self.broken for one in where)

    # The pods.
    def nodes(self):
        return NODES

    def start(self, node, marker, rules, lifetime):
        assert rules == SETTINGS.rules
        if self.is_broken("pod", node):
            raise ApiError("ImagePullBackOff")
        self.marker = marker

    def trigger(self, node, marker):
        self.ran.append(node)
        for rule in SETTINGS.rules:
            if not self.is_broken("falco", node, rule) and not self.is_broken("receiver", node, rule):
                self.counters[pod_name(node), rule] += 1
        return {rule: "refused" if self.is_broken("trigger", rule) else "" for rule in SETTINGS.rules}, 0.1

    def remove_all(self):
        self.removed = True

    # Loki.
    def lines(self, expression, since):
        if self.is_broken("loki"):
            raise NoAnswer("connection refused")
        nodes = [node for node in self.ran if not self.is_broken("agent", node)]
        if "kube-apiserver" in expression:
            target = {"resource": "pods", "subresource": "exec"}
            lines = [
                {"objectRef": {**target, "name": pod_name(node)}} for node in nodes if not self.is_broken("audit", node)
            ]
            # The request for the pod has the marker too.
            other = {"objectRef": {"resource": "pods", "name": pod_name("two")}}
            return ["no JSON", "[]", "{}", *map(json.dumps, [other, *lines])]
        if '"falco"' not in expression:
            return [f"{self.marker} {pod_name(node)}" for node in nodes if not self.is_broken("agent, own line")]
        events = [
            {"rule": rule, "output_fields": {"k8s.pod.name": pod_name(node)}}
            for node in nodes
            for rule in SETTINGS.rules
            if not self.is_broken("falco", node, rule)
        ]
        return ["no JSON", "[]", "{}", *map(json.dumps, events)]

    # Prometheus.
    def values(self, expression):
        if self.is_broken("prometheus") or (self.is_broken("prometheus at first") and not self.ran):
            raise NoAnswer("connection refused")
        if "up{" in expression:
            return [({}, 0.0)] if self.is_broken("target") else [] if self.is_broken("no target") else [({}, 1.0)]
        return [({"k8s_pod_name": pod, "rule": rule}, value) for (pod, rule), value in self.counters.items()]


@pytest.fixture
def run(monkeypatch):
    """Runs a round in no time; returns where each detection stopped."""
    clock = [0.0]
    monkeypatch.setattr(rounds.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(rounds.time, "sleep", lambda seconds: clock.__setitem__(0, clock[0] + seconds))

    def of(pipeline):
        seen = rounds.Round(pipeline, pipeline, pipeline, SETTINGS).run()
        assert pipeline.removed
        assert clock[0] < 15
        return {detection: found.stopped for detection, found in seen.items()}

    of.clock = clock
    return of


def everywhere(hop):
    """Where each detection stopped, if a rule did so at a hop; the one on the audit log passes what it does not need."""
    audit = hop if hop in hops.AUDIT_HOPS else ""
    return {(node, rule): hop for node in NODES for rule in SETTINGS.rules} | {(node, COMMAND): audit for node in NODES}


def test_whole(run):
    assert run(Pipeline()) == everywhere("")
    # Nobody waits for what has been seen.
    assert run.clock[0] == 0


@pytest.mark.parametrize(
    ("broken", "hop"),
    [
        ("pod", "pod"),
        ("loki", "loki"),
        ("agent", "agent"),
        ("falco", "falco"),
        ("prometheus", "prometheus"),
        ("target", "prometheus"),
        ("no target", "prometheus"),
        ("prometheus at first", "prometheus"),
        ("receiver", "receiver"),
    ],
)
def test_broken_everywhere(run, broken, hop):
    assert run(Pipeline(broken)) == everywhere(hop)


@pytest.mark.parametrize(("part", "hop"), [("falco", "falco"), ("receiver", "receiver"), ("trigger", "pod")])
def test_one_rule(run, part, hop):
    expected = everywhere("") | {(node, WRITE): hop for node in NODES}
    assert run(Pipeline((part, WRITE))) == expected


@pytest.mark.parametrize("part", ["pod", "agent", "falco", "receiver"])
def test_one_node(run, part):
    there = {detection: hop for detection, hop in everywhere(part).items() if detection[0] == "two"}
    assert run(Pipeline((part, "two"))) == everywhere("") | there


@pytest.mark.parametrize(("broken", "nodes"), [("audit", NODES), (("audit", "two"), ["two"])])
def test_an_audit_log_that_does_not_arrive(run, broken, nodes):
    assert run(Pipeline(broken)) == everywhere("") | {(node, COMMAND): "audit" for node in nodes}


def test_an_event_in_loki_shows_that_the_agent_works(run):
    assert run(Pipeline("agent, own line")) == everywhere("")


def test_a_receiver_that_restarted_counts_from_the_start():
    assert hops.counted({("a", "r"): 9.0}, {("a", "r"): 1.0}) == {("a", "r")}
    assert hops.counted({("a", "r"): 9.0}, {("a", "r"): 9.0}) == set()
    assert hops.counted({}, {("a", "r"): 1.0}) == {("a", "r")}
    assert hops.counted({}, {("a", "r"): 0.0}) == set()


def test_pods_that_cannot_be_removed_do_not_hide_the_result(run, capsys):
    class Stubborn(Pipeline):
        def remove_all(self):
            self.removed = True
            raise ApiError("no answer")

    assert run(Stubborn()) == everywhere("")
    assert "the pods stay: no answer" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("broken", "said", "count"), [("loki", "connection refused", 6), ("no target", "no receiver is scraped", 4)]
)
def test_the_reason_is_in_the_log(run, broken, said, count):
    pipeline = Pipeline(broken)
    one = rounds.Round(pipeline, pipeline, pipeline, SETTINGS)
    one.run()
    stops = json.loads(prover.report(one, 0, 1))["stopped"]
    assert [stop["error"] for stop in stops] == [said] * count


def test_what_was_seen_once_does_not_count_when_it_no_longer_answers(run):
    class Failing(Pipeline):
        asked = 0

        def lines(self, expression, since):
            self.asked += 1
            if self.asked > 3:
                raise NoAnswer("gone")
            return super().lines(expression, since)

    assert run(Failing("receiver")) == everywhere("loki")
