# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with certificates that were made elsewhere. Private to the collection.

Nothing of a private key is in any text.
"""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import x509

if t.TYPE_CHECKING:
    from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.wanted import (
        Given,
        Leaf,
        WantedCA,
    )


def of_all(ca: WantedCA, leaves: t.Iterable[Leaf]) -> list[str]:
    """One sentence for each certificate with a problem."""
    return [
        f"{name}: the certificate that was given is refused: {'; '.join(found)}."
        for name, found in by_name(ca, leaves).items()
        if found
    ]


def by_name(ca: WantedCA, leaves: t.Iterable[Leaf]) -> dict[str, list[str]]:
    """The problems of each certificate that was given, and of those that nobody could sign."""
    issuers = x509.load_certificates(ca.given.certificate) if ca.given else []
    found = {"ca": of_ca(ca.given)} if ca.given else {}
    for leaf in leaves:
        if leaf.given:
            found[leaf.name] = of_leaf(leaf, issuers)
        elif ca.given and not ca.given.key:
            found[leaf.name] = ["it is missing, and without the CA's private key none can be signed"]
    return found


def of_ca(given: Given) -> list[str]:
    certificate = x509.load_certificate(given.certificate)
    if certificate is None:
        return ["it is not a certificate in PEM"]
    found = _of_pair(certificate, given)
    return found if x509.is_ca(certificate) else [*found, "it is not a CA's (basic constraint CA)"]


def of_leaf(leaf: Leaf, issuers: list[t.Any]) -> list[str]:
    certificate = x509.load_certificate(leaf.given.certificate)
    if certificate is None:
        return ["it is not a certificate in PEM"]
    found = _of_pair(certificate, leaf.given)
    if not leaf.given.key:
        found.append("its private key is missing")
    # Nobody asks a client for its name.
    missing = sorted(set(leaf.subject.names) - x509.names_of(certificate)) if "server" in leaf.subject.usage else []
    if missing:
        found.append(f"it lacks the names {', '.join(missing)}")
    # A certificate without the extension may be used for anything.
    usages = x509.usages_of(certificate)
    if usages and not usages.issuperset(x509.USAGES[usage] for usage in leaf.subject.usage):
        found.append(f"its extended key usage is not {' and '.join(leaf.subject.usage)}")
    if not issuers:
        found.append("the CA that signed it is missing")
    elif not any(x509.is_signed_by(certificate, issuer) for issuer in issuers):
        found.append("the given CA did not sign it")
    return found


def _of_pair(certificate: t.Any, given: Given) -> list[str]:
    found = []
    if x509.time_left(certificate) < datetime.timedelta(days=1):
        found.append(f"it ends at {x509.not_after(certificate):%Y-%m-%d %H:%M UTC}")
    if given.key:
        key = x509.load_key(given.key)
        if key is None:
            found.append("its private key is not one in PEM without a passphrase")
        elif not x509.belong_together(certificate, key):
            found.append("its private key is another one's")
    return found
