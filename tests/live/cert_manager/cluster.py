# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real API server on loopback with cert-manager's own controllers, and k8s_certificates on it."""

from __future__ import annotations

import base64
import contextlib
import datetime
import os
import time
import typing as t
from pathlib import Path

import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import info, work, x509
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode

from ..audit import apiserver

PARTS = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "runtime-security" / "lab" / "parts"
GROUP = "/apis/cert-manager.io/v1"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
OWNER = {"app.kubernetes.io/managed-by": "runtime_security.kubernetes"}
# cert-manager itself, the namespace of the Secrets of ClusterIssuers.
NAMESPACE = "cert-manager"
# A user who may do everything but with kinds of cert-manager.
STRANGER = "stranger"


def kubeconfig(api: apiserver.Api, user: str = apiserver.ADMIN) -> dict:
    server = {"server": f"https://127.0.0.1:{api.port}", "insecure-skip-tls-verify": True}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "one",
        "clusters": [{"name": "one", "cluster": server}],
        "contexts": [{"name": "one", "context": {"cluster": "one", "user": "one"}}],
        "users": [{"name": "one", "user": {"token": f"token-of-{user}"}}],
    }


@contextlib.contextmanager
def api_server(folder: Path) -> t.Iterator[apiserver.Api]:
    with apiserver.cluster(PARTS, folder, [{"level": "None"}], {STRANGER: ["strangers"]}) as api:
        yield api


def install(api: apiserver.Api) -> None:
    """Definitions of cert-manager's kinds."""
    for file in sorted((PARTS / "cert-manager" / "crds").glob("*.yaml")):
        api.ok("POST", DEFINITIONS, yaml.safe_load(file.read_text(encoding="utf-8")))
    kinds = ("certificates", "certificaterequests", "clusterissuers", "issuers")
    until(lambda: all(api.request("GET", f"{GROUP}/{kind}")[0] == 200 for kind in kinds), "its kinds are served")


@contextlib.contextmanager
def controllers(api: apiserver.Api, folder: Path) -> t.Iterator[None]:
    """cert-manager's controllers until the block ends, and the garbage collector, which removes requests of deleted Certificates."""
    file = folder / "kubeconfig"
    file.write_text(yaml.safe_dump(kubeconfig(api)), encoding="utf-8")
    collector = [
        str(PARTS / "kubernetes" / "kube-controller-manager"),
        f"--kubeconfig={file}",
        "--controllers=garbage-collector-controller",
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
        f"--secure-port={apiserver.free_port()}",
        f"--cert-dir={folder}/collector",
    ]
    command = [str(PARTS / "cert-manager" / "cert-manager"), f"--kubeconfig={file}"]
    with (
        apiserver.process(collector, folder / "collector.log", lambda: True),
        apiserver.process(command, folder / "cert-manager.log", lambda: True),
    ):
        yield


def until(true: t.Callable[[], t.Any], what: str, seconds: float = 60) -> t.Any:
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.2)
    return found


class Namespace:
    """A namespace with an issuer of the type CA, and the certificates of a server and its client."""

    def __init__(self, api: apiserver.Api, name: str) -> None:
        self.api, self.name = api, name
        api.ok("POST", "/api/v1/namespaces", {"metadata": {"name": name}})

    def issuer(self, name: str = "pipeline", ca: tuple | None = None, **spec: t.Any) -> tuple:
        """Create an Issuer; its CA and the CA's key."""
        subject = x509.Subject(name, datetime.timedelta(days=10))
        key = x509.new_key()
        ca = ca or (x509.issue(subject, key), key)
        data = {"tls.crt": x509.certificate_pem(ca[0]), "tls.key": x509.key_pem(ca[1])}
        encoded = {entry: base64.b64encode(value).decode() for entry, value in data.items()}
        secret = {"metadata": {"name": f"{name}-root"}, "type": "kubernetes.io/tls", "data": encoded}
        self.api.ok("POST", f"/api/v1/namespaces/{self.name}/secrets", secret)
        body = {
            "apiVersion": "cert-manager.io/v1",
            "kind": "Issuer",
            "metadata": {"name": name},
            "spec": spec or {"ca": {"secretName": f"{name}-root"}},
        }
        self.api.ok("POST", f"{GROUP}/namespaces/{self.name}/issuers", body)
        return ca

    def run(self, check: bool = False, **changes: t.Any) -> dict:
        return work.run(self.parameters(**changes), Mode(check, True))

    def parameters(self, user: str = apiserver.ADMIN, **changes: t.Any) -> dict:
        leaf = {"namespace": self.name, "validity_days": 30}
        given = {
            "kubeconfig": kubeconfig(self.api, user),
            "ca": {"name": "pki", "namespace": self.name},
            "certificates": [
                {"name": "server", "secret": "server-tls", "usage": ["server"], "common_name": "server", **leaf},
                {"name": "client", "secret": "client-tls", "usage": ["client"], "common_name": "client", **leaf},
            ],
            "renew_before_days": 10,
            "owner": OWNER,
            "wait_timeout": 60,
            "variables": {"issuer": "loki_stack_certificate_issuer"},
            **changes,
        }
        names = {"server": ["DNS:server", f"DNS:server.{self.name}.svc", "IP:127.0.0.1"], "client": ["DNS:client"]}
        for one in given["certificates"]:
            one["subject_alt_names"] = names[one["name"]]
        checked = ArgumentSpecValidator(work.ARGUMENTS).validate(given)
        assert checked.error_messages == []
        return checked.validated_parameters

    def ends(self, user: str = apiserver.ADMIN) -> list[dict]:
        given = {"kubeconfig": kubeconfig(self.api, user), "name": "pki", "namespace": self.name}
        checked = ArgumentSpecValidator(info.ARGUMENTS).validate(given)
        return info.run(checked.validated_parameters, Mode())["certificates"]

    def secret(self, name: str) -> dict | None:
        status, found = self.api.request("GET", f"/api/v1/namespaces/{self.name}/secrets/{name}")
        return found if status == 200 else None

    def entries(self, name: str) -> dict[str, bytes]:
        return {key: base64.b64decode(value) for key, value in self.secret(name)["data"].items()}

    def certificate(self, name: str) -> dict | None:
        status, found = self.api.request("GET", f"{GROUP}/namespaces/{self.name}/certificates/{name}")
        return found if status == 200 else None

    def signed_by(self, name: str, ca: tuple) -> bool:
        return x509.is_signed_by(x509.load_certificate(self.entries(name)["tls.crt"]), ca[0])
