# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of certificates that users give to the role falco_ebpf."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import problems, x509
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.wanted import (
    Entries,
    Leaf,
    Place,
)
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.certificates import (
    FIX,
    NO_LIBRARY,
    given,
)
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.check import (
    Check,
    Inputs,
    Problem,
    condition,
    named,
)

_CA = "falco_ebpf_ca_certificate"


@condition(several_lines=True)
def ca_key(key: str, inputs: Inputs) -> Problem | None:
    """The CA's private key, exactly where the role signs with it."""
    signs = inputs[_CA] != "" and inputs["falco_ebpf_server_certificate"] == ""
    if bool(key) == signs:
        return None
    expected = (
        "the private key of falco_ebpf_ca_certificate where the role signs with it; '' where the CA is the role's own, or where"
        " the certificates of server and client are given"
    )
    return Problem(expected, "missing" if signs else "not used", FIX if signs else "set it to ''")


@condition()
def falco_issuer(issuer: dict, inputs: Inputs) -> Problem | None:
    """An issuer, where the charts can read what cert-manager writes."""
    if not issuer or inputs["falco_ebpf_variant"] != "classic":
        return None
    return Problem(
        "{} in the classic variant, since falco-exporter's chart has fixed names for its files", fix="remove it"
    )


@named
def leaf_certificate(name: str, other: str) -> Check:
    """The certificate of the server or the client, given together with the other one's and the CA's."""
    expected = "a certificate as PEM that %s signed, with its key and the pair of the %s, or ''" % (_CA, other)

    def find(certificate: str, inputs: t.Any) -> Problem | None:
        if not certificate:
            return None
        if x509.MISSING:
            return NO_LIBRARY
        missing = [full for full in (_CA, "falco_ebpf_%s_certificate" % other) if not inputs[full]]
        if missing:
            return Problem(expected, "given without %s" % " and ".join(missing), "set it as well, or this one to ''")
        pair = given(certificate, inputs["falco_ebpf_%s_key" % name])
        names = inputs["__falco_ebpf_certificate_names"][name]
        subject = x509.Subject(name, datetime.timedelta(), (name,), tuple(names))
        leaf = Leaf(name, Place("", ""), subject, Entries("", "", ""), pair)
        found = problems.of_leaf(leaf, x509.load_certificates(inputs[_CA].encode()))
        return Problem(expected, "; ".join(found), FIX) if found else None

    return Check(find, several_lines=True)
