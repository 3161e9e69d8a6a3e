# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of certificates that users give."""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import problems, x509
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.wanted import Given
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.check import (
    Check,
    Inputs,
    Problem,
    named,
)
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.names import is_dns_subdomain

FIX = "set it to the content of a PEM file"
NO_LIBRARY = Problem(
    "the Python library cryptography >= 41 on the controller", "cannot be read", "install it", hidden=True
)


def given(certificate: str, key: str) -> Given:
    """A certificate and its key, as the problems of both are looked for."""
    return Given(certificate.encode(), key.encode())


@named
def ca_certificate(key: str) -> Check:
    """The certificate of a CA; what is wrong with its key, another input, is reported with it."""

    def find(certificate: str, inputs: Inputs) -> Problem | None:
        if certificate and x509.MISSING:
            return NO_LIBRARY
        found = problems.of_ca(given(certificate, inputs[key])) if certificate else []
        return Problem("a CA certificate as PEM, or ''", "; ".join(found), FIX) if found else None

    return Check(find, several_lines=True)


@named
def key_of(certificate: str) -> Check:
    """The private key of a certificate, exactly where that is given."""

    def find(key: str, inputs: Inputs) -> Problem | None:
        if (key == "") == (inputs[certificate] == ""):
            return None
        expected = "the private key of %s, or '' where that is ''" % certificate
        return Problem(expected, "without its certificate" if key else "missing", FIX)

    return Check(find, several_lines=True)


@named
def certificate_issuer(ca: str, others: str) -> Check:
    """Nobody, or an issuer of cert-manager, where no CA is given and no other role has the same issuer."""

    def find(issuer: dict, inputs: Inputs) -> Problem | None:
        expected = "{name, kind, group}, of which kind and group may be missing, or {}"
        example = {"name": "pipeline", "kind": "ClusterIssuer"}
        if not issuer:
            return None
        if not is_dns_subdomain(issuer.get("name")) or not all(issuer.get(key, "x") for key in ("kind", "group")):
            return Problem(expected, example=example)
        if inputs[ca]:
            return Problem("{} where %s is given" % ca, "two CAs", "remove one of both")
        # Issuers of one name may be in different namespaces; which CA they have is compared once they have signed.
        if issuer.get("kind", "Issuer") != "Issuer" and issuer in inputs[others]:
            return Problem(
                "an issuer whose CA signs for no other role, since servers accept every certificate of their CA",
                "another role has it too",
                "create one for each role",
            )
        return None

    return Check(find)
