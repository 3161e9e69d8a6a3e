from __future__ import annotations

import base64
import datetime

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.filter.certificate_bundle import certificate_bundle
from ansible_collections.runtime_security.kubernetes.plugins.filter.certificate_dates import certificate_dates
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


def pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()


def text(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def entry(value):
    return base64.b64encode(value.encode()).decode()


def stored(wanted, certificate, key):
    """The Secret of a certificate as data by its name."""
    return {wanted["secret"]: {wanted["crt"]: entry(text(certificate)), wanted["key"]: entry(pem(key))}}


@pytest.fixture
def authority():
    return issue(WANTED["ca"])


def reasons(authority, server, renew=30, **options):
    data = stored(WANTED["ca"], *authority) | stored(WANTED["server"], *server)
    return certificate_reasons(data, WANTED, renew, **options)


def test_certificates_that_fit_stay(authority):
    assert reasons(authority, issue(WANTED["server"], authority)) == {"ca": [], "server": []}


def test_nothing_there_is_a_reason_for_each():
    assert certificate_reasons({}, WANTED, 30) == dict.fromkeys(WANTED, ["it is not there, or not readable"])


def test_an_entry_that_is_no_certificate_is_not_readable(authority):
    data = stored(WANTED["ca"], *authority) | {"server": {"server.crt": entry("half a cert")}}
    assert certificate_reasons(data, WANTED, 30) == {"ca": [], "server": ["it is not there, or not readable"]}


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


def test_an_authority_that_ends_soon_says_nothing_against_what_it_signed(authority):
    old = issue(WANTED["ca"], age_days=3640)
    found = reasons(old, issue(WANTED["server"], old))
    assert found == {"ca": ["9 days are left, renewal begins at 30"], "server": []}


def test_what_was_asked_for_is_a_reason(authority):
    found = reasons(authority, issue(WANTED["server"], authority), asked=["server"])
    assert found == {"ca": [], "server": ["its rotation was asked for"]}


def test_a_given_certificate_is_compared_and_not_judged(authority):
    server = issue(WANTED["server"], authority, days=7, common_name="theirs")
    given = {"server": {"certificate": text(server[0]), "key": pem(server[1])}}
    assert reasons(authority, server, given=given)["server"] == []
    assert reasons(authority, issue(WANTED["server"], authority), given=given)["server"] == ["another one was given"]
    other = ec.generate_private_key(ec.SECP256R1())
    assert reasons(authority, (server[0], other), given=given)["server"] == ["its private key is another one"]


def test_a_given_authority_may_be_several_and_needs_no_key_in_the_cluster(authority):
    second = issue(WANTED["ca"])
    both = text(authority[0]) + text(second[0])
    data = {"ca": {"ca.crt": entry(both)}}
    assert certificate_reasons(data, WANTED, 30, {"ca": {"certificate": both, "key": ""}})["ca"] == []
    one = {"ca": {"certificate": text(second[0]), "key": ""}}
    assert certificate_reasons(data, WANTED, 30, one)["ca"] == ["another one was given"]


def test_a_bundle_has_each_authority_once_and_always_in_the_same_order(authority):
    second = issue(WANTED["ca"])
    data = {"now": {"ca.crt": entry(text(authority[0]))}, "next": {"ca.crt": entry(text(second[0]))}}
    data["previous"] = data["now"]
    found = certificate_bundle(data, ["previous", "now", "next", "absent"])
    assert found == certificate_bundle(data, ["next", "now"]) == "".join(sorted([text(authority[0]), text(second[0])]))
    assert certificate_bundle({"now": {"ca.crt": entry("nothing")}}, ["now"]) == ""


def test_dates_are_those_of_a_secrets_own_certificate(authority):
    server = issue(WANTED["server"], authority)
    data = stored(WANTED["ca"], *authority) | stored(WANTED["server"], *server) | {"other": {"token": entry("x")}}
    data["server"]["ca.crt"] = entry(text(authority[0]))
    assert certificate_dates(data) == {
        "ca": int(authority[0].not_valid_after_utc.timestamp()),
        "server": int(server[0].not_valid_after_utc.timestamp()),
    }
