"""A host over SSH, as an ordinary user: its kubeconfig, its Helm, its Python, its folders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from exec_double import NodeCluster
from objects_double import made

HOSTS = ["-e", "runtime_security_hosts=edge"]


@pytest.fixture
def edge_with_a_node(edge, clusters):
    """The same, and the cluster has a node on which pods start."""
    server = clusters.servers["edge"]
    server.cluster = NodeCluster(made("Node", "worker-1", {"kubernetes.io/os": "linux"}))
    return edge


@pytest.fixture
def edge(inventory, ssh_server, clusters):
    """An inventory with one host, whose user has a cluster in the usual place."""
    home = Path(ssh_server["home"])
    kubeconfig = clusters.add("edge")
    variables = {key: value for key, value in ssh_server.items() if key != "home"}
    folder = inventory(
        {"edge": variables},
        group_vars__all={
            "runtime_security_cluster": "existing",
            "runtime_security_context": "edge",
            "runtime_security_kubeconfig": kubeconfig,
            "runtime_security_helm_binary": clusters.helm("edge"),
            # The double has no storage class.
            "loki_stack_persistence": False,
        },
    )
    return ["-i", folder, *HOSTS], home


def test_teardown_removes_what_is_in_the_hosts_cluster(edge, clusters, playbook):
    options, _home = edge
    code, said = playbook("teardown", *options, "-e", "runtime_security_teardown=yes")
    assert code == 0, said
    # On a busy machine the lock's release over SSH may come too late for the run's end; the Lease then ends by itself.
    assert clusters["edge"].names() - {"Lease/runtime-security"} == {"Namespace/shop"}


@pytest.mark.parametrize("name", ["site", "verify", "rotate_certificates"])
def test_a_dry_run_asks_the_hosts_cluster(name, edge, clusters, playbook):
    options, home = edge
    code, said = playbook(name, *options, "--check")
    assert code == 0, said
    assert "No cluster" not in said and "unreachable=0" in said
    assert clusters["edge"].changes == []


def test_a_preflight_reports_on_the_controller(edge, playbook, tmp_path):
    options, home = edge
    code, said = playbook("preflight", *options, "-e", "preflight_become=false")
    assert code == 0, said
    assert "edge" in said and "modern_ebpf" in said
    rows = json.loads((tmp_path / "controller" / "preflight.json").read_text())
    assert {row["node"] for row in rows} == {"edge"}
    assert list(home.glob("*.json")) == []


def test_a_preflight_asks_the_nodes_of_the_hosts_cluster(edge_with_a_node, playbook, tmp_path):
    """The controller reaches the cluster by the host alone, and has no kubectl."""
    options, home = edge_with_a_node
    code, said = playbook("preflight", *options, "-e", "preflight_cluster=true", "-e", "preflight_hosts=nothing")
    assert code == 0, said
    rows = json.loads((tmp_path / "controller" / "preflight.json").read_text())
    assert {(row["node"], row["view"]) for row in rows} == {("worker-1", "pod")}
    assert all(row["checks"] for row in rows)


def test_a_bundle_is_made_on_the_host(edge, playbook):
    options, home = edge
    code, said = playbook("bundle", *options, "--check", "-e", f"bundle_path={home}/bundle")
    assert code == 0, said
    assert f"into {home}/bundle" in said
