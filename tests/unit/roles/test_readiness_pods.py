# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ebpf_readiness does in a cluster before its pods run, which they never do here."""

from __future__ import annotations

import pytest
from api_double import Cluster, entry, made, run

SPACE = "ebpf-readiness"
LABELS = {"app.kubernetes.io/name": "ebpf-readiness", "app.kubernetes.io/managed-by": "runtime_security.kubernetes"}
NODE = made("Node", "worker-1", {"kubernetes.io/os": "linux"})


@pytest.fixture(autouse=True)
def kubectl(tmp_path, monkeypatch):
    """A program of that name: nothing calls it."""
    (tmp_path / "kubectl").write_text("#!/bin/sh\n")
    (tmp_path / "kubectl").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")


def test_names_of_nodes_are_judged_before_the_namespace_is_made():
    cluster = Cluster(NODE)
    done = run(cluster, [entry("ebpf_readiness", "apply")], ebpf_readiness_nodes=["worker-2"])
    assert done.returncode == 2 and "ebpf_readiness_nodes names worker-2" in done.stdout
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


class Remembering(Cluster):
    """Keeps what was written, also when it is gone."""

    def answer(self, method, path, words, body):
        if method == "POST" and path.endswith("/jobs"):
            self.written = body
        return super().answer(method, path, words, body)


def test_the_preflight_takes_the_inventorys_rights_where_it_is_given_none(tmp_path):
    cluster = Remembering(NODE)
    (tmp_path / "hosts.yml").write_text("all: {hosts: {localhost: {ebpf_readiness_leastprivileged: true}}}\n")
    inputs = {"preflight_cluster": True, "preflight_hosts": "ebpf_readiness_pods", "ebpf_readiness_start_timeout": 10}
    report = {"preflight_report": str(tmp_path / "report.json")}
    done = run(cluster, "playbooks/preflight.yml", "-i", str(tmp_path / "hosts.yml"), **inputs, **report)
    assert done.returncode == 0, done.stdout
    (container,) = cluster.written["spec"]["template"]["spec"]["containers"]
    assert "privileged" not in container["securityContext"]
    assert cluster.names() == {"Node/worker-1"}
