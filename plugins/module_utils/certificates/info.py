# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of k8s_certificates_info. Private to the collection."""

from __future__ import annotations

import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import connection
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import cert_manager, x509
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.secret_objects import (
    decoded,
    listed,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.wanted import (
    CA_CERTIFICATE,
    refuse_without_library,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

ARGUMENTS = {
    **connection.ARGUMENTS,
    "name": {"type": "str", "required": True},
    "namespace": {"type": "str", "required": True},
    "optional": {"type": "bool", "default": False},
}


def run(params: dict, mode: Mode) -> dict:
    """When the certificates end; raises WorkError where that cannot be read, or warns with optional."""
    refuse_without_library()
    try:
        with connection.connected_client(params) as client:
            return {"certificates": ends(Reader(client), params["namespace"], params["name"])}
    except WorkError as error:
        if not params["optional"]:
            raise
        subject = f"The certificates of CA {params['namespace']}/{params['name']}"
        return {
            "certificates": [],
            "warnings": [f"{subject} cannot be read, so nothing watches when they end. {error}"],
        }


def announce(params: dict) -> dict:
    """There is no certificate where there is no cluster."""
    return {"certificates": []}


def ends(reader: Reader, namespace: str, name: str) -> list[dict]:
    """When the certificates of a CA end, its own first."""
    ca = reader.one("Secret", "v1", name, namespace)
    if ca is None:
        return _issued_ends(reader, namespace, name)
    places = [place.split("/") for place in listed(ca) or []]
    secrets = [ca, *(reader.one("Secret", "v1", secret, where) for where, secret in places)]
    return [_end(secret, own) for secret in secrets if secret is not None for own in [_own(secret)] if own is not None]


def _issued_ends(reader: Reader, namespace: str, name: str) -> list[dict]:
    """When the certificates end that cert-manager keeps in the place of a CA; their Secrets are in its namespace."""
    secrets = reader.all("Secret", "v1", namespace, cert_manager.SECRETS)
    own = [(secret, _own(secret)) for secret in secrets if cert_manager.ca_of(secret) == f"{namespace}/{name}"]
    return [_end(secret, certificate) for secret, certificate in own if certificate is not None]


def _own(secret: dict) -> t.Any:
    """The certificate for which the Secret has the key; of a CA that was given there is none, so its first one."""
    data = decoded(secret)
    keys = [key for key in map(x509.load_key, data.values()) if key is not None]
    found = [one for one in map(x509.load_certificate, data.values()) if one is not None]
    matching = [one for one in found if any(x509.belong_together(one, key) for key in keys)]
    return next(iter(matching or ([] if keys else [x509.load_certificate(data.get(CA_CERTIFICATE, b""))])), None)


def _end(secret: dict, certificate: t.Any) -> dict:
    return {
        "secret": secret["metadata"]["name"],
        "namespace": secret["metadata"]["namespace"],
        **x509.dates(certificate),
    }
