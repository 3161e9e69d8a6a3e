# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes and reads certificates and private keys. Private to the collection.

What is read may be anything: what is not readable is None, or an empty list.
"""

from __future__ import annotations

import datetime
import ipaddress
import typing as t

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    USAGES = {"server": ExtendedKeyUsageOID.SERVER_AUTH, "client": ExtendedKeyUsageOID.CLIENT_AUTH}
    MISSING = None
except ImportError as error:
    MISSING = error

# What a CA may sign, and what the others may.
_CA_USES = {"key_cert_sign", "crl_sign"}
_LEAF_USES = {"digital_signature"}
_ALL_USES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


class Subject(t.NamedTuple):
    """What a certificate is to be; a CA has no usage and no names."""

    common_name: str
    validity: datetime.timedelta
    usage: tuple[str, ...] = ()
    # DNS:name and IP:address
    names: tuple[str, ...] = ()


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


def new_key() -> t.Any:
    return ec.generate_private_key(ec.SECP256R1())


def issue(subject: Subject, key: t.Any, issuer: t.Any = None, issuer_key: t.Any = None) -> t.Any:
    """A certificate for a key; without an issuer a CA that is signed by itself."""
    is_a_ca = not subject.usage
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject.common_name)])
    begin = now()
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + subject.validity)
        .add_extension(x509.BasicConstraints(ca=is_a_ca, path_length=0 if is_a_ca else None), critical=True)
        .add_extension(_key_usage(_CA_USES if is_a_ca else _LEAF_USES), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if issuer:
        builder = builder.add_extension(_issuer_identifier(issuer), critical=False)
    if subject.names:
        names = x509.SubjectAlternativeName([general_name(name) for name in subject.names])
        builder = builder.add_extension(names, critical=False)
    if subject.usage:
        usages = x509.ExtendedKeyUsage([USAGES[usage] for usage in subject.usage])
        builder = builder.add_extension(usages, critical=False)
    return builder.sign(issuer_key if issuer else key, hashes.SHA256())


def _key_usage(uses: set[str]) -> t.Any:
    return x509.KeyUsage(**{use: use in uses for use in _ALL_USES})


def _issuer_identifier(issuer: t.Any) -> t.Any:
    """Names the issuer's key as the issuer itself does."""
    try:
        found = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key())
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(found.value)


def general_name(name: str) -> t.Any:
    """A subject alternative name; raises ValueError for one that is neither DNS:name nor IP:address."""
    kind, _colon, value = name.partition(":")
    if kind == "DNS" and value:
        return x509.DNSName(value)
    if kind == "IP":
        return x509.IPAddress(ipaddress.ip_address(value))
    raise ValueError(f"{name} is neither DNS:name nor IP:address")


def certificate_pem(certificate: t.Any) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def key_pem(key: t.Any) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def load_certificate(pem: bytes) -> t.Any:
    """The first certificate of a PEM text."""
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError:
        return None


def load_certificates(pem: bytes) -> list[t.Any]:
    """All certificates of a PEM text."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        return []


def load_key(pem: bytes) -> t.Any:
    """A private key without a passphrase."""
    try:
        return serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        return None


def bundle(certificates: t.Iterable[t.Any]) -> bytes:
    """Certificates as one PEM text, each once, in an order that depends on them alone."""
    return b"".join(sorted({certificate_pem(certificate) for certificate in certificates}))


def belong_together(certificate: t.Any, key: t.Any) -> bool:
    return _public_bytes(certificate.public_key()) == _public_bytes(key.public_key())


def _public_bytes(key: t.Any) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def is_ca(certificate: t.Any) -> bool:
    found = _extension(certificate, x509.BasicConstraints)
    return found is not None and found.ca


def is_signed_by(certificate: t.Any, issuer: t.Any) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def common_name(certificate: t.Any) -> str:
    return ", ".join(str(one.value) for one in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME))


def names_of(certificate: t.Any) -> set[str]:
    """Subject alternative names as DNS:name and IP:address."""
    found = _extension(certificate, x509.SubjectAlternativeName)
    if found is None:
        return set()
    names = {f"DNS:{name}" for name in found.get_values_for_type(x509.DNSName)}
    return names | {f"IP:{address}" for address in found.get_values_for_type(x509.IPAddress)}


def usages_of(certificate: t.Any) -> set[t.Any]:
    """Object identifiers of the extended key usage."""
    return set(_extension(certificate, x509.ExtendedKeyUsage) or ())


def _extension(certificate: t.Any, kind: t.Any) -> t.Any:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def not_after(certificate: t.Any) -> datetime.datetime:
    # cryptography has not_valid_after_utc since version 42.
    found = getattr(certificate, "not_valid_after_utc", None)
    return found or certificate.not_valid_after.replace(tzinfo=datetime.timezone.utc)


def lifetime(certificate: t.Any) -> datetime.timedelta:
    begin = getattr(certificate, "not_valid_before_utc", None)
    return not_after(certificate) - (begin or certificate.not_valid_before.replace(tzinfo=datetime.timezone.utc))


def time_left(certificate: t.Any) -> datetime.timedelta:
    return not_after(certificate) - now()


def dates(certificate: t.Any) -> dict:
    """When a certificate ends, as modules return it."""
    end = not_after(certificate)
    return {"not_after": f"{end:%Y-%m-%dT%H:%M:%SZ}", "not_after_seconds": int(end.timestamp())}
