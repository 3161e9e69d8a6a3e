# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judgement of certificates in Secrets: what the filters of this collection share. Private to the collection.

``data`` is the data of Secrets by their names, each entry in base64, as the API server returns it.
``wanted`` says of a certificate in which Secret it is (secret), the names of its entries (crt, key), and what it is to be
(days, common_name, usage, names).
"""

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
# The entry of each Secret with the authorities that its reader trusts.
TRUSTED = "ca.crt"


def need_library(what):
    if MISSING is not None:
        raise AnsibleFilterError("The filter %s needs the Python library cryptography >= 42: %s" % (what, MISSING))


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def load_certificate(pem):
    """The first certificate of a PEM text; None when it is not readable."""
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError:
        return None


def load_certificates(pem):
    """All certificates of a PEM text; none when it is not readable."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        return []


def load_key(pem):
    try:
        return serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        return None


def decoded(data, secret, entry):
    try:
        return base64.b64decode(data[secret][entry])
    except (KeyError, ValueError, TypeError):
        return b""


def read_pair(data, wanted):
    """Certificate and private key of a Secret; None for either that is not there or not readable."""
    return (
        load_certificate(decoded(data, wanted["secret"], wanted["crt"])),
        load_key(decoded(data, wanted["secret"], wanted["key"])),
    )


def public_bytes(key):
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def belong_together(certificate, key):
    return public_bytes(certificate.public_key()) == public_bytes(key.public_key())


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


def is_authority(certificate):
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def is_signed_by(certificate, authority):
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def common_name(certificate):
    return [attribute.value for attribute in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]


def days_left(certificate):
    return (certificate.not_valid_after_utc - now()).days


def bundle(data, secrets):
    """All certificates of these Secrets' trusted entries as one PEM text, each once, in an order that never changes."""
    blocks = set()
    for secret in secrets:
        for certificate in load_certificates(decoded(data, secret, TRUSTED)):
            blocks.add(certificate.public_bytes(serialization.Encoding.PEM).decode())
    return "".join(sorted(blocks))
