# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import datetime

from ansible.errors import AnsibleFilterError

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import serialization
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    USAGES = {"serverAuth": ExtendedKeyUsageOID.SERVER_AUTH, "clientAuth": ExtendedKeyUsageOID.CLIENT_AUTH}
    MISSING = None
except ImportError as error:
    MISSING = error

AUTHORITY = "ca"


def data_of(secrets, wanted):
    return next((s.get("data") or {} for s in secrets if s["metadata"]["name"] == wanted["secret"]), {})


def read_pair(secrets, wanted):
    """Certificate and private key of a Secret; None for either that is not there or not readable."""
    data = data_of(secrets, wanted)

    def load(entry, loader):
        try:
            return loader(base64.b64decode(data[entry]))
        except (KeyError, ValueError):
            return None

    return (
        load(wanted["crt"], x509.load_pem_x509_certificate),
        load(wanted["key"], lambda pem: serialization.load_pem_private_key(pem, None)),
    )


def public_bytes(key):
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def names_of(certificate):
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return {"DNS:%s" % name for name in names.get_values_for_type(x509.DNSName)}


def usages_of(certificate):
    try:
        return set(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return set()


def is_signed_by(certificate, authority):
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def common_name(certificate):
    return [attribute.value for attribute in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]


def reasons_against(certificate, key, wanted, authority, renew_before_days, now):
    """Why this certificate cannot stay, in words for people."""
    if certificate is None or key is None:
        return ["it is not there, or not readable"]
    reasons = []
    left = (certificate.not_valid_after_utc - now).days
    if left < renew_before_days:
        reasons.append("%d days are left, renewal begins at %d" % (left, renew_before_days))
    lifetime = (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days
    if lifetime != int(wanted["days"]):
        reasons.append("its lifetime is %d days, asked for are %s" % (lifetime, wanted["days"]))
    if common_name(certificate) != [wanted["common_name"]]:
        reasons.append("its common name is not '%s'" % wanted["common_name"])
    if names_of(certificate) != set(wanted["names"]):
        reasons.append("its names are not %s" % ", ".join(wanted["names"]))
    if wanted["usage"] and usages_of(certificate) != {USAGES[wanted["usage"]]}:
        reasons.append("its usage is not %s" % wanted["usage"])
    if public_bytes(certificate.public_key()) != public_bytes(key.public_key()):
        reasons.append("its private key is another one")
    if authority is None or not is_signed_by(certificate, authority):
        reasons.append("the certificate authority did not sign it")
    return reasons


def certificate_reasons(secrets, certificates, renew_before_days):
    if MISSING is not None:
        raise AnsibleFilterError(
            "The filter certificate_reasons needs the Python library cryptography >= 42: %s" % MISSING
        )
    now = datetime.datetime.now(datetime.timezone.utc)
    pairs = {name: read_pair(secrets, wanted) for name, wanted in certificates.items()}
    authority = pairs[AUTHORITY][0]
    reasons = {
        name: reasons_against(*pairs[name], wanted, authority, int(renew_before_days), now)
        for name, wanted in certificates.items()
    }
    trusted = data_of(secrets, certificates[AUTHORITY]).get(certificates[AUTHORITY]["crt"])
    for name, wanted in certificates.items():
        # Whoever mounts the Secret trusts this entry of it; a run that was cut off may have left the one before.
        if not reasons[name] and data_of(secrets, wanted).get(certificates[AUTHORITY]["crt"]) != trusted:
            reasons[name].append("the authority beside it is another one")
    if reasons[AUTHORITY]:
        for name in reasons:
            if name != AUTHORITY and not reasons[name]:
                reasons[name].append("the certificate authority is made anew")
    return reasons


class FilterModule:
    """The filter of this file."""

    def filters(self):
        return {"certificate_reasons": certificate_reasons}
