# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an issuer of cert-manager has to be. Private to the collection."""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import cert_manager, x509
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.plan import Stored
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.secret_objects import decoded
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.wanted import (
    CA_CERTIFICATE,
    Wanted,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import NotAllowed, Reader
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError, variable


def refuse_missing(reader: Reader, wanted: Wanted, params: dict, mode: Mode) -> list[str]:
    """Raise WorkError without cert-manager, or without the issuer; in check mode, in which neither was installed, warn.

    Issuers of other groups are read by those who know them, and say what they miss in their requests.
    """
    name, issuer = variable(params, "issuer"), wanted.issuer
    if reader.resource("Certificate", cert_manager.VERSION) is None:
        return _missing(
            f"{name}: the cluster has no Certificates ({cert_manager.VERSION}). Expected cert-manager. Nothing was changed. Fix: "
            f"install it, or remove {name}.",
            mode,
        )
    if issuer.group != cert_manager.GROUP:
        return []
    for namespace in sorted({leaf.place.namespace for leaf in wanted.leaves}):
        place = (issuer.name, namespace) if issuer.kind == "Issuer" else (issuer.name,)
        what = f"{issuer.kind} {'/'.join(reversed(place))}"
        try:
            found = reader.one(issuer.kind, cert_manager.VERSION, *place)
        except NotAllowed:
            # Who may write Certificates need not be allowed to read issuers of the cluster.
            return []
        if found is None:
            return _missing(
                f"{name}: there is no {what}. Expected an issuer of cert-manager. Nothing was changed. Fix: create it, or correct "
                "the name and kind.",
                mode,
            )
        if "acme" in (found.get("spec") or {}):
            raise WorkError(
                f"{name}: {what} is of type ACME, which gives no CA, so nobody would know whom to trust. Expected an issuer that "
                f"writes {CA_CERTIFICATE}, as those of the types CA and Vault do. Nothing was changed. Fix: name such an issuer."
            )
    return []


def _missing(text: str, mode: Mode) -> list[str]:
    if not mode.check:
        raise WorkError(text)
    return [text]


def refuse_shared_ca(reader: Reader, wanted: Wanted, stored: Stored, variables: dict) -> list[str]:
    """Raise WorkError where another set of certificates has the same CA: each one's certificates would be accepted by the other."""
    own = _cas(stored.get(leaf.place, {}).get(leaf.entries.ca, b"") for leaf in wanted.leaves)
    name = variable({"variables": variables}, "issuer")
    if not own:
        return []
    try:
        for certificate in reader.all("Certificate", cert_manager.VERSION):
            metadata = certificate["metadata"]
            other = cert_manager.ca_of(certificate)
            if other is None or other == str(wanted.ca.place):
                continue
            secret = reader.one("Secret", "v1", certificate["spec"]["secretName"], metadata["namespace"])
            if secret is not None and own & _cas([decoded(secret).get(CA_CERTIFICATE, b"")]):
                raise WorkError(
                    f"{name}: its CA also signs for {other}, as Secret {metadata['namespace']}/{secret['metadata']['name']} says "
                    f"('{wanted.issuer.name}'). Expected an issuer with a CA of its own, since servers accept every certificate of "
                    f"their CA: with this one clients of {other} could ask servers of {wanted.ca.place}. Fix: name another issuer."
                )
    except NotAllowed as error:
        return [f"{name}: whether its CA also signs for others was not checked. {error}"]
    return []


def _cas(texts) -> set:
    return {certificate for text in texts for certificate in x509.load_certificates(text)}
