# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates of the roles by Ansible: written with an issuer each, renewed, taken back and removed."""

from __future__ import annotations

import json
import subprocess
import sys
import typing as t

import pytest

from ..audit.apiserver import Api
from . import cluster
from .cluster import GROUP, Namespace

# Its namespace, its Secrets, the CA's, and what its removal removes.
ROLES = {
    "falco_ebpf": ("falco", ["falco-receiver-tls", "falco-client-tls"], "falco-ca", "__falco_ebpf_all_objects"),
    "loki_stack": (
        "logs",
        ["loki-server-tls", "loki-agent-tls", "loki-grafana-tls", "loki-prover-tls"],
        "loki-ca",
        "__loki_stack_tls_objects",
    ),
    "metrics_stack": (
        "metrics",
        ["grafana-server-tls", "prometheus-server-tls", "prometheus-grafana-tls", "prometheus-prover-tls"],
        "metrics-ca",
        "__metrics_stack_certificate_secrets",
    ),
}
OWNERS = {
    "falco_ebpf": "__falco_ebpf_labels",
    "loki_stack": "__loki_stack_owner",
    "metrics_stack": "__metrics_stack_owner",
}


@pytest.fixture(scope="module")
def api(tmp_path_factory) -> t.Iterator[Api]:
    folder = tmp_path_factory.mktemp("api")
    with cluster.api_server(folder / "server") as api:
        cluster.install(api)
        with cluster.controllers(api, folder):
            yield api


def play(api: Api, folder, role: str, **variables: t.Any) -> str:
    """Write the certificates of a role twice, and perhaps remove them; what Ansible printed, where it did not fail."""
    inner = {"name": f"runtime_security.kubernetes.{role}", "tasks_from": "certificates", "rolespec_validate": False}
    connection = {"kubeconfig": "{{ runtime_security_kubeconfig | string }}"}
    write: dict = {"ansible.builtin.include_role": {**inner, "public": True}}
    remove = {
        "runtime_security.kubernetes.k8s_objects": {
            "state": "absent",
            "owner": "{{ %s }}" % OWNERS[role],
            "objects": "{{ %s }}" % ROLES[role][3],
        },
        "when": "removal | default(false)",
    }
    content = [
        {
            "hosts": "localhost",
            "gather_facts": False,
            "module_defaults": {"group/runtime_security.kubernetes.cluster": connection},
            "tasks": [write, remove],
        }
    ]
    file = folder / "play.yml"
    file.write_text(json.dumps(content), encoding="utf-8")
    given = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "runtime_security_kubeconfig": json.dumps(cluster.kubeconfig(api)),
        "runtime_security_tls": True,
        # What the role's other tasks learn.
        "__falco_ebpf_monitor_kind": {"served": False},
        f"{role}_namespace": ROLES[role][0],
        "grafana_wiring_namespace": ROLES[role][0],
        "runtime_security_lock_namespace": ROLES[role][0],
        **variables,
    }
    done = subprocess.run(
        ["ansible-playbook", "-i", "localhost,", "-e", json.dumps(given), "--diff", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "PRIVATE" not in done.stdout
    return done.stdout


@pytest.mark.parametrize("role", ROLES)
def test_the_certificates_of_a_role(api, tmp_path, role):
    namespace, secrets, ca_secret, _objects = ROLES[role]
    place = Namespace(api, namespace)
    play(api, tmp_path, role)
    assert place.secret(ca_secret)
    ca = place.issuer("own")
    named = {f"{role}_certificate_issuer": {"name": "own"}}
    assert "the issuer has not signed it" in play(api, tmp_path, role, **named)
    assert all(place.signed_by(name, ca) for name in secrets) and place.secret(ca_secret) is None
    assert all(set(place.entries(name)) == {"tls.crt", "tls.key", "ca.crt"} for name in secrets)
    assert "changed=0" in play(api, tmp_path, role, **named)
    # As the entry rotate names them.
    names = {"falco_ebpf": ["client"], "loki_stack": ["agent"], "metrics_stack": ["grafana_client"]}[role]
    assert "its renewal was asked for" in play(api, tmp_path, role, **{f"__{role}_renew": names}, **named)
    play(api, tmp_path, role)
    assert all(place.certificate(name) is None for name in secrets)
    assert place.secret(ca_secret)
    assert not any("cert-manager.io/certificate-name" in str(place.secret(name)) for name in secrets)
    play(api, tmp_path, role, removal=True, **named)
    assert not [name for name in [*secrets, ca_secret] if place.secret(name) or place.certificate(name)]
    # What is the user's stays.
    assert place.secret("own-root") and api.request("GET", f"{GROUP}/namespaces/{namespace}/issuers/own")[0] == 200
