# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""k8s_certificates and its info in plays, by both doors, and the certificates of falco_ebpf."""

from __future__ import annotations

import json
import re

import pytest
from api_double import Cluster
from certificate_secrets import OWNER, TASK, data, falco, names, of_role
from objects_double import made
from plays import run as run_play


def task(module, **arguments):
    connection = {"kubeconfig": "{{ runtime_security_kubeconfig | string }}"}
    return {f"runtime_security.kubernetes.{module}": {**connection, **arguments}, "register": "done"}


def kept(path):
    """Writes down what the task before returned."""
    return {"ansible.builtin.copy": {"content": "{{ done | to_json }}", "dest": str(path)}, "check_mode": False}


@pytest.mark.parametrize("elsewhere", [False, True], ids=["in the worker", "as a module"])
def test_tasks_of_a_play(elsewhere, tmp_path):
    cluster = Cluster()
    keywords = {"environment": {"ELSEWHERE": "yes"}} if elsewhere else {}
    first = task("k8s_certificates", **TASK) | keywords
    read = task("k8s_certificates_info", name="pki", namespace="falco") | keywords
    done = run_play(cluster, [first, read, kept(tmp_path / "read")], "--diff")
    assert done.returncode == 0, done.stdout
    assert "PRIVATE" not in done.stdout and "the CA, serial" in done.stdout
    found = json.loads((tmp_path / "read").read_text())["certificates"]
    assert [one["secret"] for one in found] == ["pki", "client-tls", "server-tls"]
    # Each is valid from the second in which it was signed.
    longer = found[0]["not_after_seconds"] - found[1]["not_after_seconds"]
    assert abs(longer - (3650 - 365) * 86400) <= 5
    cluster.changes.clear()
    assert "changed=0" in run_play(cluster, [first]).stdout and cluster.changes == []


@pytest.mark.parametrize("module", ["k8s_certificates", "k8s_certificates_info"])
def test_check_mode_without_a_cluster(module, tmp_path):
    arguments = TASK if module == "k8s_certificates" else {"name": "pki", "namespace": "falco"}
    tasks = [task(module, **arguments | {"kubeconfig": "/nonexistent/kubeconfig"}), kept(tmp_path / "done")]
    done = run_play(Cluster(), tasks, "--check")
    assert done.returncode == 0, done.stdout
    assert json.loads((tmp_path / "done").read_text())["changed"] is (module == "k8s_certificates")
    assert run_play(Cluster(), tasks).returncode == 2


@pytest.mark.parametrize(
    ("variant", "secrets"),
    [("current", ["falco-receiver-tls", "falco-client-tls"]), ("classic", ["falco-grpc-tls", "falco-exporter-certs"])],
)
def test_the_certificates_of_falco(variant, secrets):
    cluster = Cluster()
    for changed in ("changed=1", "changed=0"):
        done = run_play(cluster, falco("certificates", falco_ebpf_variant=variant))
        assert done.returncode == 0 and changed in done.stdout, done.stdout
    assert names(cluster) == {"falco/falco-ca", *(f"falco/{name}" for name in secrets)}
    assert list(data(cluster, "falco", secrets[0])) == ["ca.crt", "server.crt", "server.key"]
    assert list(data(cluster, "falco", secrets[1])) == ["ca.crt", "client.crt", "client.key"]
    done = run_play(cluster, falco("certificates", falco_ebpf_variant=variant, __falco_ebpf_renew=["server"]))
    assert f"falco/{secrets[0]}: its renewal was asked for" in done.stdout


@pytest.mark.parametrize(
    ("role", "ca", "leaves"),
    [
        ("loki_stack", "loki-ca", ["loki-agent-tls", "loki-grafana-tls", "loki-prover-tls", "loki-server-tls"]),
        (
            "metrics_stack",
            "metrics-ca",
            ["grafana-server-tls", "prometheus-grafana-tls", "prometheus-prover-tls", "prometheus-server-tls"],
        ),
    ],
)
def test_the_certificates_of_a_role(role, ca, leaves):
    cluster, inputs = Cluster(), {"runtime_security_tls": True}
    for changed in ("changed=1", "changed=0"):
        done = run_play(cluster, of_role(role, "certificates", **inputs))
        assert done.returncode == 0 and changed in done.stdout, done.stdout
    assert names(cluster) == {f"monitoring/{name}" for name in (ca, *leaves)}
    assert all(list(data(cluster, "monitoring", name)) == ["ca.crt", "tls.crt", "tls.key"] for name in leaves)
    done = run_play(cluster, of_role(role, "certificates", **inputs, **{f"__{role}_renew": ["prover"]}))
    assert f"monitoring/{leaves[2]}: its renewal was asked for" in done.stdout


def test_the_outputs_of_falco():
    before = made("Secret", "falco-receiver-outputs", {**OWNER, "app.kubernetes.io/part-of": "falco"}, "falco")
    cluster = Cluster(before | {"data": {"LOKI_HOSTPORT": "eA=="}})
    outputs = {"slack": {"webhookurl": "planted-word"}}
    show = {"ansible.builtin.debug": {"msg": "{{ __falco_ebpf_outputs_fingerprint }}"}}
    done = run_play(cluster, [*falco("outputs"), show], "--diff", falco_ebpf_outputs=outputs)
    assert done.returncode == 0, done.stdout
    assert "planted-word" not in done.stdout and re.search(r"\b[0-9a-f]{64}\b", done.stdout)
    # What is no longer set is removed.
    expected = {"SLACK_WEBHOOKURL": b"planted-word", "SLACK_MINIMUMPRIORITY": b"notice"}
    assert data(cluster, "falco", "falco-receiver-outputs") == expected
