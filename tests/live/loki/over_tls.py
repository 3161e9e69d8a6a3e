# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loki's API with mutual TLS, through the API server's port-forward: its proxy has no client certificate."""

from __future__ import annotations

import base64
import http.client
import ssl
import tempfile
import typing as t
import urllib.parse
from pathlib import Path

from kubernetes import client
from kubernetes.stream import portforward

PORT = 3443
SECRET = "loki-agent-tls"


def is_used(core: client.CoreV1Api, namespace: str) -> bool:
    """Whether Loki's Service has the port that asks for a certificate."""
    return PORT in {port.port for port in core.read_namespaced_service("loki", namespace).spec.ports}


def get(api: client.ApiClient, namespace: str, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
    """Status and body of Loki's answer to the agent's certificate; OSError where nobody answers."""
    core = client.CoreV1Api(api)
    service = core.read_namespaced_service("loki", namespace)
    selector = ",".join(f"{key}={value}" for key, value in service.spec.selector.items())
    pods = [pod for pod in core.list_namespaced_pod(namespace, label_selector=selector).items if _is_ready(pod)]
    if not pods:
        raise ConnectionError(f"no pod of Loki is ready in {namespace}")
    # While a stream connects it replaces its client's call function.
    streams = client.CoreV1Api(client.ApiClient(api.configuration))
    forward = portforward(
        streams.connect_get_namespaced_pod_portforward, pods[0].metadata.name, namespace, ports=str(PORT)
    )
    try:
        connection = http.client.HTTPConnection("loki", timeout=30)
        connection.sock = _context(core, namespace).wrap_socket(
            forward.socket(PORT), server_hostname=f"loki.{namespace}.svc"
        )
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()
    except http.client.HTTPException as error:
        raise ConnectionError(str(error)) from error
    finally:
        forward.close()


def address(path: str, parameters: dict[str, t.Any]) -> str:
    return f"/loki/api/v1/{path}?{urllib.parse.urlencode(parameters)}"


def _context(core: client.CoreV1Api, namespace: str) -> ssl.SSLContext:
    data = core.read_namespaced_secret(SECRET, namespace).data
    ca, certificate, key = (base64.b64decode(data[name]).decode() for name in ("ca.crt", "tls.crt", "tls.key"))
    context = ssl.create_default_context(cadata=ca)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pair.pem"
        file.touch(mode=0o600)
        file.write_text(certificate + key)
        context.load_cert_chain(file)
    return context


def _is_ready(pod: t.Any) -> bool:
    conditions = pod.status.conditions or []
    return pod.metadata.deletion_timestamp is None and any(c.type == "Ready" and c.status == "True" for c in conditions)
