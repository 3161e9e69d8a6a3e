"""Inventories on the controller: with and without a localhost, several clusters as several hosts, encrypted variables."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from .conftest import TOP, as_json

EXISTING = {"runtime_security_cluster": "existing"}
YES = ["-e", "runtime_security_teardown=yes"]


@pytest.mark.parametrize("hosts", [{}, {"localhost": {}}], ids=["implicit localhost", "explicit localhost"])
def test_the_inventory_says_which_cluster_is_removed(hosts, inventory, clusters, playbook):
    folder = inventory(
        hosts or {"somewhere": {}},
        group_vars__all=EXISTING
        | {
            "runtime_security_kubeconfig": clusters.add("production"),
            "runtime_security_context": "production",
            "runtime_security_helm_binary": clusters.helm("production"),
        },
    )
    code, said = playbook("teardown", "-i", folder, *YES)
    assert code == 0, said
    assert clusters["production"].names() == {"Namespace/shop"}


@pytest.fixture
def two(inventory, clusters):
    """Two clusters, each of a host."""
    hosts = {
        name: {
            "ansible_connection": "local",
            "runtime_security_kubeconfig": clusters.add(name),
            "runtime_security_context": name,
            "runtime_security_helm_binary": clusters.helm(name),
        }
        for name in ("production", "staging")
    }
    return ["-i", inventory(hosts, group_vars__all=EXISTING), "-e", "runtime_security_hosts=all"]


def test_two_clusters_are_two_hosts_of_one_run(two, clusters, playbook):
    code, said = playbook("teardown", *two, *YES)
    assert code == 0, said
    assert clusters["production"].names() == clusters["staging"].names() == {"Namespace/shop"}


def test_a_limit_leaves_the_other_cluster_alone(two, clusters, playbook):
    before = clusters["production"].names()
    code, said = playbook("teardown", *two, *YES, "--limit", "staging")
    assert code == 0, said
    assert clusters["staging"].names() == {"Namespace/shop"}
    assert (clusters["production"].names(), clusters["production"].changes) == (before, [])


def test_a_kubeconfig_in_an_encrypted_file(inventory, clusters, playbook, tmp_path):
    path = clusters.add("vaulted")
    config = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    secret = tmp_path / "password"
    secret.write_text("word\n", encoding="utf-8")
    folder = inventory(
        {"localhost": {}},
        group_vars__all=EXISTING | {"runtime_security_context": "vaulted"},
        group_vars__ungrouped={
            "runtime_security_kubeconfig": config,
            "runtime_security_helm_binary": clusters.helm("vaulted"),
        },
    )
    vault = Path(sys.executable).parent / "ansible-vault"
    file = folder / "group_vars" / "ungrouped.yml"
    subprocess.run([vault, "encrypt", "--vault-password-file", secret, file], check=True, capture_output=True)
    assert file.read_text(encoding="utf-8").startswith("$ANSIBLE_VAULT")
    code, said = playbook("teardown", "-i", folder, *YES, "--vault-password-file", secret)
    assert code == 0, said
    assert clusters["vaulted"].names() == {"Namespace/shop"}


SHOW = [
    "runtime_security_context",
    "metrics_stack_prometheus_scrape_interval",
    "falco_ebpf_metrics",
    "falco_ebpf_readiness",
    "pipeline_proof_path",
    "ansible_python_interpreter",
]
ROLES = ["metrics_stack", "falco_ebpf", "pipeline_proof"]


def shown(playbook, tmp_path, *options):
    """What the roles get from an inventory, at the place where a playbook would apply them."""
    given = {"public": True, "rolespec_validate": False}
    begin = {"ansible.builtin.import_role": {"name": "runtime_security.kubernetes.playbook"} | given}
    # The defaults of each role, without anything that it does.
    roles = [
        {
            "ansible.builtin.import_role": {"name": f"runtime_security.kubernetes.{role}", "tasks_from": "validate"}
            | given,
            "when": False,
        }
        for role in ROLES
    ]
    show = {"ansible.builtin.debug": {"msg": " ".join(f"{name}=<{{{{ {name} }}}}>" for name in SHOW)}}
    play = {"hosts": "all:localhost", "gather_facts": False, "tasks": [begin, *roles, show]}
    path = tmp_path / "play.yml"
    path.write_text(yaml.safe_dump([play]), encoding="utf-8")
    code, said = playbook(path, *options)
    assert code == 0, said
    return said


def test_defaults_are_those_of_a_minikube_cluster(playbook, tmp_path):
    said = shown(playbook, tmp_path)
    assert "runtime_security_context=<runtime-security> metrics_stack_prometheus_scrape_interval=<5s>" in said
    assert "falco_ebpf_metrics=<annotations> falco_ebpf_readiness=<auto>" in said
    assert f"pipeline_proof_path=<{tmp_path}/controller/proof.json>" in said


def test_group_host_and_extra_variables_have_their_usual_order(inventory, playbook, tmp_path):
    hosts = {
        "localhost": {},
        "one": {"ansible_connection": "local", "falco_ebpf_metrics": "monitors"},
        "other": {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"},
    }
    everywhere = EXISTING | {
        "runtime_security_context": "of-all",
        "metrics_stack_prometheus_scrape_interval": "20s",
        "falco_ebpf_metrics": "auto",
        "falco_ebpf_readiness": "nodes",
    }
    folder = inventory(hosts, group_vars__all=everywhere)
    said = shown(playbook, tmp_path, "-i", folder, *as_json(runtime_security_context="extra"))
    assert said.count("runtime_security_context=<extra> metrics_stack_prometheus_scrape_interval=<20s>") == 3
    assert said.count("falco_ebpf_metrics=<monitors> falco_ebpf_readiness=<nodes>") == 1
    # Each host has a proof of its own.
    names = ("proof.json", "proof-one.json", "proof-other.json")
    assert all(f"<{tmp_path}/controller/{name}>" in said for name in names)
    # The controller's Python, unless the inventory names another.
    controllers = Path(sys.executable).parent
    assert said.count(f"ansible_python_interpreter=<{controllers}/python") == 2
    assert said.count("ansible_python_interpreter=</usr/bin/python3>") == 1


def test_the_variables_of_an_importing_play_win_over_the_inventory(inventory, playbook, tmp_path):
    folder = inventory({"localhost": {}}, group_vars__all=EXISTING)
    site = {
        "ansible.builtin.import_playbook": str(TOP / "playbooks" / "teardown.yml"),
        "vars": {"runtime_security_cluster": "minikube"},
    }
    path = tmp_path / "mine.yml"
    path.write_text(yaml.safe_dump([site]), encoding="utf-8")
    code, said = playbook(path, "-i", folder)
    assert code == 2
    assert "Expected yes, as this removes the minikube cluster with all that runs in it." in said
    code, said = playbook("teardown", "-i", folder)
    assert code == 2
    assert "Expected yes, as this removes our releases and Secrets from the cluster." in said


def test_a_preflight_with_a_limit_still_reports_where_it_was_started(inventory, playbook, tmp_path):
    folder = inventory({"localhost": {}, "two": {"ansible_connection": "local", "preflight_become": False}})
    code, said = playbook("preflight", "-i", folder, "--limit", "two")
    assert code == 0, said
    assert (tmp_path / "controller" / "preflight.json").is_file()
