# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a certificate in a Secret cannot stay. Private to the collection.

Each function returns the reasons in words for people; none means that the certificate stays. One that was given is compared
with the one in its Secret, and with nothing else.
"""

from __future__ import annotations

import datetime
import math
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import x509
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.wanted import (
    CA_CERTIFICATE,
    CA_KEY,
    Leaf,
    WantedCA,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.x509 import Subject

_UNREADABLE = ["it is missing, or not readable"]
_ANOTHER = ["another one was given"]


def against_ca(ca: WantedCA, stored: dict[str, bytes], renew_before: datetime.timedelta) -> list[str]:
    """Reasons against the CA that a Secret holds."""
    pem = stored.get(CA_CERTIFICATE, b"")
    if ca.given:
        # There can be several, and the key stays with who gave it.
        same = set(x509.load_certificates(pem)) == set(x509.load_certificates(ca.given.certificate))
        return [] if same else list(_ANOTHER)
    certificate, key = x509.load_certificate(pem), x509.load_key(stored.get(CA_KEY, b""))
    if certificate is None or key is None:
        return list(_UNREADABLE)
    return _against(ca.subject, certificate, key, certificate, renew_before)


def against_leaf(leaf: Leaf, stored: dict[str, bytes], issuer: t.Any, renew_before: datetime.timedelta) -> list[str]:
    """Reasons against the certificate that a Secret holds, where issuer is the CA that signs."""
    certificate, key = pair(leaf, stored)
    if certificate is None or key is None:
        return list(_UNREADABLE)
    if not leaf.given:
        return _against(leaf.subject, certificate, key, issuer, renew_before)
    if certificate != x509.load_certificate(leaf.given.certificate):
        return list(_ANOTHER)
    return [] if x509.belong_together(certificate, key) else ["its private key is another one"]


def pair(leaf: Leaf, stored: dict[str, bytes]) -> tuple[t.Any, t.Any]:
    """Certificate and private key of a Secret; None for either that is missing or not readable."""
    return (
        x509.load_certificate(stored.get(leaf.entries.certificate, b"")),
        x509.load_key(stored.get(leaf.entries.key, b"")),
    )


def _against(
    subject: Subject, certificate: t.Any, key: t.Any, issuer: t.Any, renew_before: datetime.timedelta
) -> list[str]:
    found, left, lifetime = [], x509.time_left(certificate), x509.lifetime(certificate)
    if left < renew_before:
        found.append(f"{_days(left)} are left, renewal begins at {_number(renew_before)}")
    if lifetime != subject.validity:
        found.append(f"its lifetime is {_days(lifetime)}, expected are {_number(subject.validity)}")
    if x509.common_name(certificate) != subject.common_name:
        found.append(f"its common name is not '{subject.common_name}'")
    if x509.names_of(certificate) != set(subject.names):
        found.append(f"its names are not {', '.join(subject.names) or 'none'}")
    if subject.usage and x509.usages_of(certificate) != {x509.USAGES[usage] for usage in subject.usage}:
        found.append(f"its usage is not {' and '.join(subject.usage)}")
    if not x509.belong_together(certificate, key):
        found.append("its private key is another one")
    if issuer is None or not x509.is_signed_by(certificate, issuer):
        found.append("the CA did not sign it")
    return found


def _number(span: datetime.timedelta) -> str:
    """Days; whole ones but for spans of less than a day."""
    days = span / datetime.timedelta(days=1)
    return f"{days:.2g}" if abs(days) < 1 else str(math.floor(days))


def _days(span: datetime.timedelta) -> str:
    return f"{_number(span)} days"
