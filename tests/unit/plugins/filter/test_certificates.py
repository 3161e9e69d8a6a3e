from __future__ import annotations

import base64
import datetime

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.filter.certificate_reasons import certificate_reasons
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

WANTED = {
    "ca": {
        "secret": "ca",
        "crt": "ca.crt",
        "key": "ca.key",
        "days": 3650,
        "common_name": "ca",
        "usage": None,
        "names": [],
    },
    "server": {
        "secret": "server",
        "crt": "server.crt",
        "key": "server.key",
        "days": 365,
        "common_name": "receiver.falco.svc",
        "usage": "serverAuth",
        "names": ["DNS:receiver", "DNS:receiver.falco.svc"],
    },
}


def issue(wanted, authority=None, key=None, age_days=0, **changes):
    wanted = dict(wanted, **changes)
    key = key or ec.generate_private_key(ec.SECP256R1())
    issuer, issuer_key = authority or (None, key)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, wanted["common_name"])])
    begin = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) - datetime.timedelta(days=age_days)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=wanted["days"]))
        .add_extension(x509.BasicConstraints(ca=wanted["usage"] is None, path_length=None), critical=True)
    )
    if wanted["names"]:
        names = [x509.DNSName(entry.split(":", 1)[1]) for entry in wanted["names"]]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if wanted["usage"]:
        usage = {"serverAuth": ExtendedKeyUsageOID.SERVER_AUTH, "clientAuth": ExtendedKeyUsageOID.CLIENT_AUTH}[
            wanted["usage"]
        ]
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256()), key


def secret(wanted, certificate, key, authority=None):
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    data = {
        wanted["crt"]: base64.b64encode(certificate.public_bytes(serialization.Encoding.PEM)).decode(),
        wanted["key"]: base64.b64encode(pem).decode(),
    }
    if authority:
        data["ca.crt"] = base64.b64encode(authority.public_bytes(serialization.Encoding.PEM)).decode()
    return {"metadata": {"name": wanted["secret"]}, "data": data}


@pytest.fixture
def authority():
    return issue(WANTED["ca"])


def reasons(authority, server, renew=30, beside=None):
    secrets = [secret(WANTED["ca"], *authority), secret(WANTED["server"], *server, beside or authority[0])]
    return certificate_reasons(secrets, WANTED, renew)


def test_certificates_that_fit_stay(authority):
    assert reasons(authority, issue(WANTED["server"], authority)) == {"ca": [], "server": []}


def test_nothing_there_is_a_reason_for_each():
    assert certificate_reasons([], WANTED, 30) == dict.fromkeys(WANTED, ["it is not there, or not readable"])


def test_an_entry_that_is_no_certificate_is_not_readable(authority):
    broken = {"metadata": {"name": "server"}, "data": {"server.crt": base64.b64encode(b"half a cert").decode()}}
    found = certificate_reasons([secret(WANTED["ca"], *authority), broken], WANTED, 30)
    assert found == {"ca": [], "server": ["it is not there, or not readable"]}


def test_few_days_left_is_a_reason(authority):
    server = issue(WANTED["server"], authority, age_days=340)
    assert reasons(authority, server)["server"] == ["24 days are left, renewal begins at 30"]
    assert reasons(authority, server, renew=20)["server"] == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"days": 90}, "its lifetime is 90 days, asked for are 365"),
        ({"common_name": "other"}, "its common name is not 'receiver.falco.svc'"),
        ({"names": ["DNS:receiver"]}, "its names are not DNS:receiver, DNS:receiver.falco.svc"),
        ({"usage": "clientAuth"}, "its usage is not serverAuth"),
    ],
)
def test_what_differs_from_what_is_asked_for_is_said(authority, change, reason):
    assert reasons(authority, issue(WANTED["server"], authority, **change))["server"] == [reason]


def test_a_certificate_of_another_authority_is_replaced(authority):
    found = reasons(authority, issue(WANTED["server"], issue(WANTED["ca"])))
    assert found == {"ca": [], "server": ["the certificate authority did not sign it"]}


def test_a_key_of_another_certificate_is_noticed(authority):
    certificate, _key = issue(WANTED["server"], authority)
    other = ec.generate_private_key(ec.SECP256R1())
    assert reasons(authority, (certificate, other))["server"] == ["its private key is another one"]


def test_a_new_authority_takes_its_certificates_along(authority):
    old = issue(WANTED["ca"], age_days=3640)
    found = reasons(old, issue(WANTED["server"], old))
    assert found["ca"] == ["9 days are left, renewal begins at 30"]
    assert found["server"] == ["the certificate authority is made anew"]


def test_an_authority_of_before_beside_a_certificate_is_noticed(authority):
    renewed = issue(WANTED["ca"], key=authority[1])
    found = reasons(renewed, issue(WANTED["server"], renewed), beside=authority[0])
    assert found == {"ca": [], "server": ["the authority beside it is another one"]}
