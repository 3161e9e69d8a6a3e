# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real API server on loopback: etcd and kube-apiserver of the lab, with an audit policy, and a client for it.

There are no controllers and no nodes. Users have static tokens, so that a test is any user it needs, also a controller.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import subprocess
import time
import typing as t
from pathlib import Path

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

ADMIN = "setup"
# What is allowed to a user follows from its group; system:masters may do everything.
MASTERS = "system:masters"
_UNVERIFIED = ssl.create_default_context()
_UNVERIFIED.check_hostname = False
_UNVERIFIED.verify_mode = ssl.CERT_NONE


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@contextlib.contextmanager
def process(command: list[str], output: Path, ready: t.Callable[[], bool], seconds: float = 120, **more: t.Any):
    """A program until the block ends; its output is in a file."""
    with output.open("ab") as log, subprocess.Popen(command, stdout=log, stderr=log, **more) as started:
        try:
            end = time.monotonic() + seconds
            while not ready():
                if started.poll() is not None or time.monotonic() > end:
                    raise AssertionError(f"{command[0]} is not ready: {output.read_text(errors='replace')[-3000:]}")
                time.sleep(0.2)
            yield started
        finally:
            started.terminate()


class Api:
    """Requests to the API server as users with tokens."""

    def __init__(self, port: int, log: Path) -> None:
        self.port = port
        # Its standard output, where the audit lines are.
        self.log = log

    def request(
        self, method: str, path: str, body: t.Any = None, user: str | None = ADMIN, patch: str = "merge", **headers: str
    ) -> tuple[int, t.Any]:
        """Status and answer; without a user the request has no credentials."""
        form = "yaml" if patch == "apply" else "json"
        kind = f"application/{patch}-patch+{form}" if method == "PATCH" else "application/json"
        sent = {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if user is not None:
            sent["Authorization"] = f"Bearer token-of-{user}"
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=_UNVERIFIED)
        try:
            text = body if body is None or isinstance(body, str) else json.dumps(body)
            connection.request(method, path, text, sent)
            answer = connection.getresponse()
            read = b"" if answer.status == 101 else answer.read()
        finally:
            connection.close()
        with contextlib.suppress(ValueError):
            return answer.status, json.loads(read)
        return answer.status, read

    def ok(self, method: str, path: str, body: t.Any = None, **more: t.Any) -> t.Any:
        """The answer of a request that has to be allowed."""
        status, answer = self.request(method, path, body, **more)
        assert status < 400, (method, path, status, answer)
        return answer

    def session(self, method: str, path: str, user: str) -> int:
        """A request that is answered with another protocol, such as exec."""
        return self.request(method, path, user=user, Connection="Upgrade", Upgrade="SPDY/3.1")[0]

    def ready(self) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.request("GET", "/readyz")[0] == 200
        return False

    def lines(self) -> list[str]:
        """The audit lines until now."""
        return [line for line in self.log.read_text(encoding="utf-8").splitlines() if '"audit.k8s.io/' in line]


def _keys(folder: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    encoding, none = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "sa.key").write_bytes(key.private_bytes(encoding, serialization.PrivateFormat.TraditionalOpenSSL, none))
    public = key.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / "sa.pub").write_bytes(public)


@contextlib.contextmanager
def cluster(parts: Path, folder: Path, rules: list[dict], users: dict[str, list[str]]) -> t.Iterator[Api]:
    """The API server with the rules of an audit policy; users are names with their groups."""
    folder.mkdir(parents=True, exist_ok=True)
    _keys(folder)
    policy = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": rules}
    (folder / "policy.yaml").write_text(yaml.safe_dump(policy), encoding="utf-8")
    rows = [
        f'token-of-{name},{name},{number},"{",".join(groups)}"'
        for number, (name, groups) in enumerate({ADMIN: [MASTERS], **users}.items())
    ]
    (folder / "tokens.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    client, peer, port = free_port(), free_port(), free_port()
    urls = [f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"]
    etcd = [
        str(parts / "etcd" / "etcd"),
        f"--data-dir={folder}/etcd",
        f"--listen-client-urls={urls[0]}",
        f"--advertise-client-urls={urls[0]}",
        f"--listen-peer-urls={urls[1]}",
        f"--initial-advertise-peer-urls={urls[1]}",
        f"--initial-cluster=default={urls[1]}",
        "--unsafe-no-fsync",
    ]
    server = [
        str(parts / "kubernetes" / "kube-apiserver"),
        f"--etcd-servers={urls[0]}",
        f"--secure-port={port}",
        "--bind-address=127.0.0.1",
        f"--cert-dir={folder}/certificates",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={folder}/sa.pub",
        f"--service-account-signing-key-file={folder}/sa.key",
        "--authorization-mode=RBAC",
        "--allow-privileged=true",
        # No controller makes service accounts.
        "--disable-admission-plugins=ServiceAccount",
        f"--token-auth-file={folder}/tokens.csv",
        "--kubelet-preferred-address-types=InternalIP",
        f"--audit-policy-file={folder}/policy.yaml",
        "--audit-log-path=-",
    ]
    api = Api(port, folder / "apiserver.log")

    def answers() -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", client), timeout=1):
            return True
        return False

    with process(etcd, folder / "etcd.log", answers), process(server, api.log, api.ready):
        yield api
