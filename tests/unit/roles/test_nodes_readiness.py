# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ebpf_readiness does in a cluster, and what a preflight tells of its nodes. There is no kubectl."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from api_double import Cluster
from exec_double import NodeCluster
from objects_double import made
from plays import entry, run

SPACE = "ebpf-readiness"
LABELS = {"app.kubernetes.io/name": "ebpf-readiness", "app.kubernetes.io/managed-by": "runtime_security.kubernetes"}
NODE = made("Node", "worker-1", {"kubernetes.io/os": "linux"})


@pytest.fixture(autouse=True)
def without_kubectl(monkeypatch):
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")


def test_names_of_nodes_are_validated_before_the_namespace_is_made():
    cluster = Cluster(NODE)
    done = run(cluster, [entry("ebpf_readiness", "apply")], ebpf_readiness_nodes=["worker-2"])
    assert done.returncode == 2 and "ebpf_readiness_nodes: no Linux node of the cluster ('worker-2')" in done.stdout
    assert cluster.changes == []


def test_what_a_killed_run_left_is_removed_first():
    left = made("Job", "probe-of-a-killed-run", LABELS, SPACE, spec={"activeDeadlineSeconds": 900})
    cluster = Cluster(NODE, made("Namespace", SPACE, LABELS), left, made("Job", "of-somebody-else", {}, SPACE))
    done = run(cluster, [entry("ebpf_readiness", "apply")])
    assert done.returncode == 0, done.stdout
    removal, start = [change for change in cluster.changes if "jobs/" in change]
    assert removal == "DELETE jobs/probe-of-a-killed-run"
    assert start.startswith("POST jobs/probe-") and "of-a-killed-run" not in start
    assert "Job/of-somebody-else" in cluster.names()


@pytest.fixture
def preflight(tmp_path):
    """Runs the preflight of a cluster, and no machine; returns the report."""

    def look(cluster, **variables):
        (tmp_path / "hosts.yml").write_text("all: {hosts: {localhost: {ebpf_readiness_least_privilege: true}}}\n")
        inputs = {"preflight_cluster": True, "preflight_hosts": "nothing", "ebpf_readiness_start_timeout": 10}
        report = tmp_path / "report.json"
        inputs |= {"preflight_report": str(report)}
        done = run(cluster, "playbooks/preflight.yml", "-i", str(tmp_path / "hosts.yml"), **inputs, **variables)
        assert done.returncode == 0, done.stdout
        assert cluster.names() == {"Node/worker-1"}
        return json.loads(report.read_text())

    return look


def test_the_preflight_takes_the_inventorys_rights_where_it_is_given_none(preflight):
    cluster = NodeCluster(NODE)
    preflight(cluster)
    (container,) = cluster.written["spec"]["template"]["spec"]["containers"]
    assert "privileged" not in container["securityContext"]


def test_a_pods_answer_is_the_nodes_row(preflight):
    rows = preflight(NodeCluster(NODE), preflight_falco_version="0.43.1", preflight_drivers=["modern_ebpf", "ebpf"])
    assert [(row["node"], row["view"], row["driver"]) for row in rows] == [
        ("worker-1", "pod", "modern_ebpf"),
        ("worker-1", "pod", "ebpf"),
    ]
    assert rows[0]["boot_id"] == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert rows[0]["checks"] and rows[0]["verdict"] in ("ready", "not_ready", "unknown")


class Broken(NodeCluster):
    def run(self, command, line):
        return 1, "Traceback\nMemoryError"


class Pending(NodeCluster):
    phase = "Pending"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Broken, "no answer: python3 in the pod ended with 1: MemoryError"),
        (Pending, "a pod like Falco's did not start: it was not created"),
    ],
)
def test_a_node_without_an_answer_has_a_row(preflight, kind, reason):
    (row,) = preflight(kind(NODE))
    assert (row["node"], row["view"], row["verdict"], row["reason"]) == ("worker-1", "pod", "unknown", reason)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Broken, "is not known for worker-1 (python3 in the pod ended with 1: MemoryError)"),
        (Pending, "No pod started on worker-1 (it was not created)"),
    ],
)
def test_falco_is_not_installed_on_a_part_of_the_answers(kind, words):
    cluster = kind(NODE)
    inputs = {"falco_ebpf_readiness": "nodes", "ebpf_readiness_start_timeout": 10}
    done = run(cluster, [entry("falco_ebpf", "apply")], **inputs)
    said = " ".join(done.stdout.split())
    assert done.returncode == 2 and "Nothing was installed." in said and words in said
    assert cluster.names() == {"Node/worker-1"}
