# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ports at which pods listen, and what a pod sees that connects to them."""

from __future__ import annotations

import json
import typing as t

from live.lab_cluster import kubectl, staying_pods

from .engine import in_node

PROBE = "policies-probe"
# For each address: whether it accepts a connection, and what it says to a client without a certificate.
_PROGRAM = """
import concurrent.futures, json, socket, ssl, sys

def connect(address):
    return socket.create_connection(address, timeout=3)

def look(address):
    try:
        connect(address).close()
    except OSError as error:
        return "no answer" if isinstance(error, TimeoutError) else type(error).__name__
    tls = ssl._create_unverified_context()
    try:
        with tls.wrap_socket(connect(address)) as session:
            session.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
            return "TLS" if session.recv(1) else "closed"
    except ssl.SSLError as error:
        if "CERTIFICATE_REQUIRED" in str(error).upper():
            return "asks for a certificate"
    except OSError:
        pass
    return "plain"

addresses = [tuple(one) for one in json.loads(sys.argv[1])]
with concurrent.futures.ThreadPoolExecutor(len(addresses)) as pool:
    print(json.dumps(list(pool.map(look, addresses))))
"""


class Port(t.NamedTuple):
    namespace: str
    app: str
    number: int
    address: str


def _app(pod):
    labels = pod["metadata"].get("labels", {})
    return labels.get("app.kubernetes.io/name") or labels.get("app") or pod["metadata"]["name"]


def _listening(container):
    """TCP ports at which something listens in a container's network namespace, without those of loopback (proc_net_tcp: state 0A)."""
    pid = in_node("crictl", "inspect", "--output", "go-template", "--template", "{{.info.pid}}", container).strip()
    found = set()
    for table in ("tcp", "tcp6"):
        for line in in_node("cat", f"/proc/{pid}/net/{table}").splitlines()[1:]:
            _number, local, _remote, state = line.split()[:4]
            address, port = local.split(":")
            loopback = address.endswith("7F") if table == "tcp" else address == "0" * 24 + "01000000"
            # On a little-endian machine 127.0.0.1 is 0100007F.
            if state == "0A" and not loopback:
                found.add(int(port, 16))
    return sorted(found)


def listening(namespaces) -> list[Port]:
    """All of the pods with an address of their own, but for the probes."""
    found = []
    for namespace in namespaces:
        for pod in staying_pods(namespace):
            if (
                pod["spec"].get("hostNetwork")
                or pod["metadata"]["name"] == PROBE
                or pod["status"]["phase"] != "Running"
            ):
                continue
            container = pod["status"]["containerStatuses"][0]["containerID"].partition("://")[2]
            found += [Port(namespace, _app(pod), number, pod["status"]["podIP"]) for number in _listening(container)]
    return found


def start_probe(namespace, image):
    """A pod that does nothing until it is asked to look."""
    container = {
        "name": "probe",
        "image": image,
        "command": ["sleep", "infinity"],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    spec = {
        "containers": [container],
        "terminationGracePeriodSeconds": 0,
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65534, "seccompProfile": {"type": "RuntimeDefault"}},
    }
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": PROBE, "namespace": namespace}, "spec": spec}
    kubectl("apply", "-f", "-", input=json.dumps(pod))
    kubectl("wait", "--namespace", namespace, "--for=condition=Ready", f"pod/{PROBE}", "--timeout=60s")


def look(namespace, ports) -> list[str]:
    """What the probe of a namespace finds at each port: `no answer`, `plain`, `TLS`, or `asks for a certificate`."""
    addresses = json.dumps([(port.address, port.number) for port in ports])
    command = ["exec", "--namespace", namespace, PROBE, "--", "python3", "-c", _PROGRAM, addresses]
    return json.loads(kubectl(*command))
