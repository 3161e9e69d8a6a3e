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
