# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a Grafana in the cluster is reached, by what it is trusted, and who its administrator is. Private to the collection."""

from __future__ import annotations

import base64
import binascii
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.secret_objects import decoded
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_names import Names
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_trust import Trust, are_certificates
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Unreachable, WorkError

# On Grafana's Service: the Secret of its namespace with the CA of its certificate, which is valid for NAME.NAMESPACE.svc.
CERTIFICATE = "runtime-security/certificate-secret"
_CA = "ca.crt"
# The keys of an administrator's Secret, as Grafana's chart has them.
USER_KEY, PASSWORD_KEY = "admin-user", "admin-password"


class Place(t.NamedTuple):
    """The address of a Grafana; service is the Service that it leads to, None for an Ingress with a certificate of its own."""

    url: str
    service: dict | None


class NoGrafana(Unreachable):
    """The cluster answers and has no Grafana yet, or no Secret with its administrator."""


def node_address(nodes: list[dict]) -> str:
    """The first internal address of a node, "" where none has one."""
    for node in nodes:
        for address in node.get("status", {}).get("addresses", []):
            if address["type"] == "InternalIP":
                return address["address"]
    return ""


def service_url(service: dict, nodes: t.Callable[[], list[dict]]) -> str:
    """Where the first port of a Service is reached from outside the cluster, "" where it is not.

    A load balancer's address, else the port on a node; by HTTPS where the port's appProtocol says so. nodes is asked only where
    its answer counts: an account may be allowed to read the Service and no node.
    """
    port = (service.get("spec", {}).get("ports") or [{}])[0]
    balancers = service.get("status", {}).get("loadBalancer", {}).get("ingress") or [{}]
    host, number = balancers[0].get("ip") or balancers[0].get("hostname"), port.get("port")
    if not host:
        number = port.get("nodePort")
        host = node_address(nodes()) if number else ""
    if not host or not number:
        return ""
    scheme = "https" if port.get("appProtocol") == "https" else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{number}"


def ingress_url(ingress: dict) -> str:
    """The address of an Ingress's first rule, "" where it has no host; by HTTPS where there is a certificate for it."""
    spec = ingress.get("spec", {})
    host = (spec.get("rules") or [{}])[0].get("host")
    # An entry without hosts is for all of them.
    secured = any(not entry.get("hosts") or host in entry["hosts"] for entry in spec.get("tls") or [])
    return f"{'https' if secured else 'http'}://{host}" if host else ""


def place_of(reader: Reader, service: dict, names: Names) -> Place:
    """The Service, or the Ingress of the same name."""
    namespace, name = service["namespace"], service["name"]
    found = reader.one("Service", "v1", name, namespace)
    if found is None:
        raise NoGrafana(
            f"{names.of('namespace')}: namespace {namespace} has no Service {name}. Expected Grafana's Service. Nothing was changed. "
            f"Fix: install Grafana first (role metrics_stack), set {names.of('namespace')} to the namespace it is in, or set "
            f"{names.of('url')} and either {names.credentials}."
        )
    url = service_url(found, lambda: reader.all("Node", "v1"))
    if url:
        return Place(url, found)
    url = ingress_url(reader.one("Ingress", "networking.k8s.io/v1", name, namespace) or {})
    if not url:
        raise WorkError(
            f"{names.of('url')}: Service {namespace}/{name} has no port on the nodes, no load balancer's address and no Ingress. "
            f"Grafana was not changed. Expected one of these. Fix: set {names.of('url')} to an address of Grafana that this machine "
            "reaches."
        )
    return Place(url, None)


def trust_of(reader: Reader, service: dict, names: Names) -> Trust | None:
    """What the Service says of Grafana's certificate; None where it says nothing."""
    place = service["metadata"]
    secret = (place.get("annotations") or {}).get(CERTIFICATE)
    if not secret:
        return None
    found = reader.one("Secret", "v1", secret, place["namespace"])
    ca = decoded(found or {}).get(_CA, b"").decode(errors="replace")
    if not are_certificates(ca):
        what = f"has no certificate in PEM as {_CA}" if found else "does not exist"
        raise WorkError(
            f"{names.of('ca_path')}: Secret {place['namespace']}/{secret} {what}. Expected the CA of Grafana's certificate there, as "
            f"Service {place['name']} has the annotation {CERTIFICATE}. Grafana was not changed. Fix: install Grafana again (role "
            f"metrics_stack), or set {names.of('ca_path')} to a file with the CA."
        )
    return Trust(ca, f"{place['name']}.{place['namespace']}.svc")


def administrator_of(reader: Reader, service: dict, names: Names) -> tuple[str, str]:
    """User and password in the Secret of Grafana's administrator."""
    namespace, name = service["namespace"], service["admin_secret"]
    found = reader.one("Secret", "v1", name, namespace)
    if found is None:
        raise NoGrafana(
            f"{names.of('admin_secret')}: namespace {namespace} has no Secret {name}. Expected one with the keys {USER_KEY} and "
            f"{PASSWORD_KEY}. Nothing was changed. Fix: install Grafana first (role metrics_stack), set {names.of('namespace')} and "
            f"{names.of('admin_secret')} to the Secret of its administrator, or set {names.credentials}."
        )
    data = found.get("data") or {}
    try:
        user, password = (base64.b64decode(data[key], validate=True).decode() for key in (USER_KEY, PASSWORD_KEY))
    except KeyError:
        raise WorkError(
            f"{names.of('admin_secret')}: Secret {namespace}/{name} lacks {USER_KEY} or {PASSWORD_KEY}. Grafana was not changed. "
            f"Expected both. Fix: add what it lacks, or set {names.credentials}."
        ) from None
    except (binascii.Error, ValueError):
        raise WorkError(
            f"{names.of('admin_secret')}: {USER_KEY} or {PASSWORD_KEY} of Secret {namespace}/{name} is no UTF-8 text. Grafana was not "
            f"changed. Expected a user name and a password. Fix: correct the Secret, or set {names.credentials}."
        ) from None
    return user, password
