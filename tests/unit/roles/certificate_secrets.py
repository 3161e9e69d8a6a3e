# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of tests, and the Secrets that hold them."""

from __future__ import annotations

import base64

import pytest
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import get_api_client
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import issuer, wanted, x509
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.secrets import Secrets
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode
from api_double import Cluster
from plays import entry

OWNER = {"app.kubernetes.io/managed-by": "runtime_security.kubernetes"}
KEYS = {"certificate": "tls.crt", "key": "tls.key", "ca": "ca.crt"}
NOT_GIVEN = {"certificate": None, "key": None}
CA = {"name": "pki", "namespace": "falco", "common_name": "the CA", "validity_days": 3650, **NOT_GIVEN}


def leaf(name, namespace, *usage, names=()):
    return {
        "name": name,
        "secret": f"{name}-tls",
        "namespace": namespace,
        "usage": list(usage),
        "common_name": name,
        "subject_alt_names": list(names),
        "validity_days": 365,
        "keys": KEYS,
        **NOT_GIVEN,
    }


LEAVES = [
    leaf("server", "falco", "server", names=["DNS:server.falco.svc", "IP:10.0.0.1"]),
    leaf("client", "agents", "client"),
]
PARAMS = {"ca": CA, "certificates": LEAVES, "renew_before_days": 30, "renew": [], "phase": None, "owner": OWNER}


class Killed(Cluster):
    """Does so many changes, then breaks; whether the last one happened before is chosen."""

    left = None
    happens = True
    seen = lambda self: None  # noqa: E731

    def answer(self, method, path, words, body):
        if method == "GET" or self.left is None:
            return super().answer(method, path, words, body)
        self.left -= 1
        if self.left > 0 or (self.left == 0 and self.happens):
            answer = super().answer(method, path, words, body)
            self.seen()
            if self.left > 0:
                return answer
        return 500, {"kind": "Status", "status": "Failure", "reason": "InternalError", "code": 500}


def data(cluster, namespace, name):
    found = cluster.objects["v1", namespace, "secrets", name].get("data", {})
    return {key: base64.b64decode(value) for key, value in found.items()}


def names(cluster):
    return {f"{place[1]}/{place[3]}" for place in cluster.objects}


def signed(cluster, name="server", namespace="falco", ca="pki"):
    certificate = x509.load_certificate(data(cluster, namespace, f"{name}-tls")["tls.crt"])
    return x509.is_signed_by(certificate, x509.load_certificate(data(cluster, "falco", ca)["ca.crt"]))


def without(given):
    """A task writes down no option that has no value."""
    return {key: value for key, value in given.items() if value is not None}


TASK = {"ca": without(CA), "certificates": [without(one) for one in LEAVES]}


def falco(*names, **inputs):
    """Tasks of the role falco_ebpf."""
    return of_role("falco_ebpf", *names, **inputs)


def of_role(role, *names, **inputs):
    """Tasks of a role, from its files of these names."""
    connection = {"group/runtime_security.kubernetes.cluster": {"kubeconfig": "{{ runtime_security_kubeconfig }}"}}
    tasks = [entry(role, name) for name in names]
    return [{"block": tasks, "module_defaults": connection, "vars": inputs}]


@pytest.fixture
def client_at(serve):
    """A client of a cluster on loopback."""

    def connect(cluster):
        return get_api_client(kubeconfig=serve(cluster).kubeconfig())

    return connect


@pytest.fixture(name="cluster")
def cluster_of_certificates():
    return Killed()


@pytest.fixture(name="run")
def run_of_certificates(client_at, cluster):
    """Runs the work with changed parameters."""
    client = client_at(cluster)

    def _run(check=False, **changes):
        params = {**PARAMS, **changes}
        return issuer.apply(Secrets(client, OWNER), wanted.wanted(params), params["phase"], Mode(check, True))

    return _run
