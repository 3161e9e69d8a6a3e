# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of grafana_requirements_info. Private to the collection."""

from __future__ import annotations

import datetime

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import connection
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import x509
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.secret_objects import decoded
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import (
    NotAllowed,
    Reader,
    UnclearAnswer,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError, variable

ARGUMENTS = {
    **connection.ARGUMENTS,
    "namespace": {"type": "str", "required": True},
    "service": {"type": "str", "default": "grafana"},
    "node_port": {"type": "int", "default": 0},
    "tls_secret": {"type": "str", "default": "", "no_log": False},
    "variables": {"type": "dict", "default": {}},
}
CERTIFICATE, KEY = "tls.crt", "tls.key"
_NOTHING = {"certificate_version": "", "certificate_not_after": ""}


def run(params: dict, mode: Mode) -> dict:
    """Raise for what Grafana could not be installed with; when its certificate ends."""
    with connection.connected_client(params) as client:
        reader = Reader(client)
        try:
            if params["node_port"]:
                require_free_port(reader, params)
            return certificate(reader, params, mode) if params["tls_secret"] else dict(_NOTHING)
        except UnclearAnswer as error:
            raise WorkError(f"What the cluster answers is not clear, and nothing was changed. {error}") from error


def announce(params: dict) -> dict:
    """A cluster that does not exist yet has neither."""
    return dict(_NOTHING)


def require_free_port(reader: Reader, params: dict) -> None:
    """Raise where another Service has the port on the nodes. The API server refuses such a Service too, but only later."""
    port, place = params["node_port"], (params["namespace"], params["service"])
    own = reader.one("Service", "v1", params["service"], params["namespace"])
    if own and port in node_ports(own):
        return
    try:
        services = reader.all("Service", "v1")
    except NotAllowed:
        return
    for one in services:
        holder = (one["metadata"].get("namespace"), one["metadata"]["name"])
        if port in node_ports(one) and holder != place:
            raise WorkError(
                f"{variable(params, 'node_port')}: Service {'/'.join(holder)} has that port on the nodes already ({port}). "
                "Expected a free one. Nothing was changed. Fix: set it to another one, or to 0 to let the cluster choose."
            )


def node_ports(service: dict) -> set[int]:
    """The ports on the nodes that a Service has.

    >>> node_ports({"spec": {"ports": [{"port": 80, "nodePort": 30300}, {"port": 81}]}})
    {30300}
    """
    return {one["nodePort"] for one in (service.get("spec") or {}).get("ports") or [] if one.get("nodePort")}


def certificate(reader: Reader, params: dict, mode: Mode) -> dict:
    """The version of the Secret, and when its certificate ends."""
    namespace, name = params["namespace"], params["tls_secret"]
    found = reader.one("Secret", "v1", name, namespace)
    if found is None and mode.check and reader.one("Namespace", "v1", namespace) is None:
        # A namespace that is only announced has no Secret yet.
        return dict(_NOTHING)
    problem, end = (_problem(decoded(found)), "") if found else ("no such Secret", "")
    if problem:
        raise WorkError(
            f"{variable(params, 'tls_secret')}: {problem} ('{name}'). Expected a Secret in namespace {namespace} with {CERTIFICATE} "
            f"and {KEY}. Grafana was not changed. Fix: create it (kubectl create secret tls {name} --namespace {namespace} --cert "
            "FILE --key FILE)."
        )
    warnings = []
    if x509.MISSING is None:
        ends = x509.not_after(x509.load_certificate(decoded(found)[CERTIFICATE]))
        end = f"{ends:%Y-%m-%dT%H:%M:%SZ}"
        if ends < datetime.datetime.now(datetime.timezone.utc):
            warnings = [f"The certificate in Secret {namespace}/{name} ended at {end}. Clients of Grafana refuse it."]
    version = found["metadata"].get("resourceVersion", "")
    return {"certificate_version": version, "certificate_not_after": end, "warnings": warnings}


def _problem(data: dict[str, bytes]) -> str:
    """Why Grafana could not start with a certificate, "" where it can; without the library only whether it is complete."""
    lacks = [key for key in (CERTIFICATE, KEY) if not data.get(key)]
    if lacks:
        return f"the Secret lacks {' and '.join(lacks)}"
    if x509.MISSING is not None:
        return ""
    chain, key = x509.load_certificate(data[CERTIFICATE]), x509.load_key(data[KEY])
    if chain is None:
        return f"its {CERTIFICATE} is not a certificate in PEM"
    if key is None:
        return f"its {KEY} is not a private key in PEM without a passphrase"
    return "" if x509.belong_together(chain, key) else f"its {KEY} is the key of another certificate"
