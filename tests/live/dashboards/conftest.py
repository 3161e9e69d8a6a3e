"""A Grafana with the dashboards, and the cluster behind it; PIPELINE_INPUTS says where they are."""

from __future__ import annotations

import base64
import json
import subprocess

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import Grafana
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.grafana import Reader

from live.lab_cluster import KUBECTL


@pytest.fixture(scope="session")
def kubectl():
    """Calls kubectl and returns the finished process; only=False lets it fail."""

    def call(*arguments, check=True):
        return subprocess.run(
            [*KUBECTL, *arguments], capture_output=True, check=check, text=True, stdin=subprocess.DEVNULL
        )

    return call


@pytest.fixture(scope="session")
def grafana(kubectl):
    def answer(*arguments):
        return kubectl("--namespace", "monitoring", "get", *arguments).stdout

    secret = json.loads(answer("secret", "grafana-admin", "--output", "json"))["data"]
    port = answer("service", "grafana", "--output", "jsonpath={.spec.ports[0].nodePort}")
    address = answer("nodes", "--output", 'jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}')
    no_options = dict.fromkeys(("client_cert", "client_key", "ca_path", "grafana_api_key"))
    return Reader(
        Grafana(
            no_options
            | {
                "url": f"http://{address}:{port}",
                "url_username": base64.b64decode(secret["admin-user"]).decode(),
                "url_password": base64.b64decode(secret["admin-password"]).decode(),
                "use_proxy": False,
                "validate_certs": True,
                "timeout": 30,
            }
        )
    )
