# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The line of the proof on a process that ran before Falco."""

from __future__ import annotations

import json
import time

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof import witness
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.queries import Entry
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.watch import Watch

FIELDS = {
    "proc.name": "sh",
    "container.id": "0123456789ab",
    "container.name": "falco-witness",
    "k8s.pod.name": "falco-witness-a",
    "k8s.ns.name": "falco",
}


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(witness, "_EVERY_SECONDS", 0.01)


def pod(name, node, started, gone=False):
    state = {"running": {"startedAt": started}} if started else {}
    metadata = {"name": name} | ({"deletionTimestamp": "now"} if gone else {})
    return {"metadata": metadata, "spec": {"nodeName": node}, "status": {"containerStatuses": [{"state": state}]}}


class Session:
    def write_stdin(self, text):
        self.text = text

    def readline_stdout(self, timeout):
        return self.text

    def close(self):
        pass


class Cluster:
    def __init__(self, sensors=(), witnesses=()):
        self.found = {"app.kubernetes.io/name=falco": sensors, "app.kubernetes.io/name=falco-witness": witnesses}
        self.asked = []

    def find(self, kind, namespace, selector):
        return list(self.found[selector])

    def attach(self, name, namespace, container):
        self.asked.append(name)
        return Session()


class Queries:
    """Has the old line, and one more as soon as somebody was asked."""

    def __init__(self, cluster, fields):
        self.cluster, self.fields = cluster, fields

    def lines(self, expression):
        count = len(self.cluster.asked)
        new = [Entry(1.0 + count, json.dumps({"output_fields": self.fields}))] if count and self.fields else []
        return [*new, Entry(1.0, json.dumps({"output_fields": FIELDS}))]


ONE = [witness.Witness("falco-witness-a", "a")]


def prove(fields, pods=tuple(ONE), seconds=0.5):
    cluster = Cluster()
    (found,) = witness.process_that_ran_before(
        Watch(seconds), Queries(cluster, fields), cluster, "falco", witness.Witnesses(list(pods))
    )
    return found


def test_an_event_that_names_it():
    began = time.monotonic()
    found = prove(FIELDS)
    assert found["ok"], found
    assert found["detail"] == (
        "node a: process sh, container 0123456789ab (falco-witness), pod falco-witness-a, namespace falco"
    )
    assert found["seconds"] <= time.monotonic() - began + 0.001


def test_each_node_counts():
    pods = [witness.Witness("falco-witness-a", str(number)) for number in range(5)]
    assert prove(FIELDS, pods)["detail"].endswith("; and 2 more nodes")


@pytest.mark.parametrize(
    ("fields", "lacks"),
    [
        # The old line is not enough.
        (None, "lacks every line"),
        (FIELDS | {"proc.name": "<NA>", "container.id": "host"}, "lacks proc.name, container.id"),
        (FIELDS | {"k8s.pod.name": None, "k8s.ns.name": None}, "lacks k8s.pod.name, k8s.ns.name"),
    ],
)
def test_an_event_that_lacks_something_is_none(fields, lacks):
    found = prove(fields)
    assert not found["ok"]
    assert lacks in found["detail"]
    assert "docs/falco_ebpf.md" in found["detail"]


EARLY, LATE = "2026-01-01T00:00:01Z", "2026-01-01T00:00:02Z"


@pytest.mark.parametrize(
    ("sensors", "witnesses", "nodes", "skipped", "problem"),
    [
        ([pod("f", "a", LATE)], [pod("w", "a", EARLY)], ["a"], False, False),
        ([pod("f", "a", EARLY)], [pod("w", "a", LATE)], [], True, False),
        ([pod("f", "a", EARLY)], [pod("w", "a", EARLY)], [], True, False),
        # Older than both of a rollout's two.
        ([pod("f", "a", LATE), pod("g", "a", EARLY)], [pod("w", "a", EARLY)], [], True, False),
        ([pod("f", "a", LATE), pod("g", "b", EARLY)], [pod("w", "a", EARLY), pod("x", "b", LATE)], ["a"], False, False),
        ([pod("f", "a", LATE)], [], [], False, True),
        ([], [pod("w", "a", EARLY)], [], False, True),
        ([pod("f", "a", LATE)], [pod("w", "a", EARLY, gone=True)], [], False, True),
        ([pod("f", "a", LATE)], [pod("w", "a", "")], [], False, True),
    ],
)
def test_who_is_asked(sensors, witnesses, nodes, skipped, problem):
    found = witness.find(Cluster(sensors, witnesses), "falco")
    assert [each.node for each in found.pods] == nodes
    assert (bool(found.skipped), bool(found.problem)) == (skipped, problem)


def test_without_witnesses_the_line_is_not_ok():
    (found,) = witness.process_that_ran_before(
        Watch(1), None, None, "falco", witness.Witnesses([], problem="there is none")
    )
    assert (found["ok"], found["detail"]) == (False, "there is none")
