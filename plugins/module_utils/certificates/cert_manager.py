# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of cert-manager as objects: how they are declared, and what their conditions say. Private to the collection."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import x509
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.wanted import (
    Issuer,
    Leaf,
    Wanted,
)

GROUP = "cert-manager.io"
VERSION = f"{GROUP}/v1"
# On a Certificate and its Secret: the CA that they belong to, NAMESPACE/NAME.
CA = "runtime-security/ca"
# What selects the Secrets that cert-manager writes.
SECRETS = f"controller.{GROUP}/fao=true"
# By this annotation cert-manager names, on a Secret and on a request, the Certificate.
_CERTIFICATE = f"{GROUP}/certificate-name"
# As cert-manager's own client names a renewal that was asked for.
_ASKED = "ManuallyTriggered"


def definition(leaf: Leaf, wanted: Wanted, issuer: Issuer, owner: dict[str, str]) -> dict:
    """The Certificate that has cert-manager keep a certificate's Secret."""
    by_kind = [name.partition(":") for name in leaf.subject.names]
    names = {kind: [value for found, _colon, value in by_kind if found == kind] for kind in ("DNS", "IP")}
    annotations = {CA: str(wanted.ca.place)}
    return {
        **identity(leaf),
        "metadata": {**identity(leaf)["metadata"], "labels": dict(owner), "annotations": annotations},
        "spec": {
            "secretName": leaf.place.secret,
            "secretTemplate": {"labels": dict(owner), "annotations": annotations},
            "commonName": leaf.subject.common_name,
            "dnsNames": names["DNS"],
            "ipAddresses": names["IP"],
            "usages": ["digital signature", *(f"{usage} auth" for usage in leaf.subject.usage)],
            "duration": _duration(leaf.subject.validity),
            "renewBefore": _duration(wanted.renew_before),
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
            "issuerRef": issuer._asdict(),
        },
    }


def identity(leaf: Leaf) -> dict:
    """A Certificate by its name, which is its Secret's."""
    metadata = {"name": leaf.place.secret, "namespace": leaf.place.namespace}
    return {"apiVersion": VERSION, "kind": "Certificate", "metadata": metadata}


def _duration(span: datetime.timedelta) -> str:
    """As cert-manager's own client writes it.

    >>> _duration(datetime.timedelta(days=365))
    '8760h0m0s'
    """
    minutes, seconds = divmod(round(span.total_seconds()), 60)
    return f"{minutes // 60}h{minutes % 60}m{seconds}s"


def ca_of(found: dict) -> str | None:
    """The CA in whose place an issuer signs a Certificate or its Secret, NAMESPACE/NAME; None for one of others."""
    return (found["metadata"].get("annotations") or {}).get(CA)


def is_issued(secret: dict | None) -> bool:
    """Whether cert-manager wrote a Secret for the Certificate of its name."""
    metadata = (secret or {}).get("metadata") or {}
    return (metadata.get("annotations") or {}).get(_CERTIFICATE) == metadata.get("name", "")


def conditions(found: dict) -> dict[str, dict]:
    """The conditions of an object by their types."""
    return {one["type"]: one for one in (found.get("status") or {}).get("conditions") or []}


def is_ready(certificate: dict) -> bool:
    """Whether cert-manager says that the Secret is what the Certificate declares now, and does not change it."""
    ready = conditions(certificate).get("Ready", {})
    current = ready.get("observedGeneration") == certificate["metadata"].get("generation")
    return ready.get("status") == "True" and current and not is_issuing(certificate)


def is_issuing(certificate: dict) -> bool:
    """Whether an attempt is under way."""
    return conditions(certificate).get("Issuing", {}).get("status") == "True"


def has_failed(certificate: dict) -> bool:
    """Whether the last attempt failed; cert-manager tries again after an hour at the earliest."""
    return conditions(certificate).get("Issuing", {}).get("status") == "False"


def asked(certificate: dict) -> list[dict]:
    """The conditions of a Certificate whose renewal is asked for."""
    issuing = {
        "type": "Issuing",
        "status": "True",
        "reason": _ASKED,
        "message": "Renewal was asked for by runtime_security.kubernetes",
        "lastTransitionTime": f"{x509.now():%Y-%m-%dT%H:%M:%SZ}",
        "observedGeneration": certificate["metadata"].get("generation"),
    }
    return [*(one for kind, one in conditions(certificate).items() if kind != "Issuing"), issuing]


def request_of(certificate: dict, requests: list[dict]) -> dict | None:
    """The newest request for a Certificate."""
    name = certificate["metadata"]["name"]
    own = [one for one in requests if (one["metadata"].get("annotations") or {}).get(_CERTIFICATE) == name]
    return max(own, key=lambda one: one["metadata"].get("creationTimestamp") or "", default=None)


def described(found: dict) -> str:
    """The conditions of an object in words."""
    metadata = found["metadata"]
    what = f"{found['kind']} {metadata['namespace']}/{metadata['name']}"
    said = [
        f"{kind}={one.get('status')} ({one.get('reason')}: {one.get('message')})"
        for kind, one in sorted(conditions(found).items())
    ]
    return f"{what}: {', '.join(said) or 'no condition'}"


def against(leaf: Leaf, data: dict[str, bytes]) -> str:
    """What speaks against the content of a Secret that cert-manager wrote; '' means nothing."""
    chain = x509.load_certificates(data.get(leaf.entries.certificate, b""))
    key = x509.load_key(data.get(leaf.entries.key, b""))
    trusted = x509.load_certificates(data.get(leaf.entries.ca, b""))
    if not chain or key is None:
        return "it has no readable certificate and private key"
    if not x509.belong_together(chain[0], key):
        return "its private key is another one"
    if not x509.names_of(chain[0]).issuperset(leaf.subject.names):
        return f"its names are not {', '.join(leaf.subject.names)}"
    usages = x509.usages_of(chain[0])
    if usages and not usages.issuperset(x509.USAGES[usage] for usage in leaf.subject.usage):
        return f"its usage is not {' and '.join(leaf.subject.usage)}"
    return "" if _leads_to(chain, trusted) else f"no CA in {leaf.entries.ca} signed it"


def _leads_to(chain: list[t.Any], trusted: list[t.Any]) -> bool:
    """Whether each certificate of a chain is signed by the next one, until a trusted one signed it."""
    for one, issuer in zip(chain, [*chain[1:], None]):
        if any(x509.is_signed_by(one, ca) for ca in trusted):
            return True
        if issuer is None or not x509.is_signed_by(one, issuer):
            return False
    return False
