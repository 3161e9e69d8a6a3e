# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a certificate is made like, why it cannot stay, and what is wrong with one that was given."""

from __future__ import annotations

import datetime
import subprocess

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import (
    plan,
    reasons,
    wanted,
    x509,
)
from certificate_parts import CA, SERVER, data, issue, params, pem
from cryptography import x509 as library

MONTH = datetime.timedelta(days=30)


@pytest.fixture
def ca():
    return issue(CA)


def against(ca, server, renew_before=MONTH, given=()):
    leaf = wanted.wanted(params(server=given, ca=pem(ca) if given else ())).leaves[0]
    return reasons.against_leaf(leaf, data(server), ca[0], renew_before)


def against_ca(stored, given=()):
    return reasons.against_ca(wanted.wanted(params(ca=given)).ca, stored, MONTH)


def test_certificates_are_what_openssl_takes_for_tls(ca, tmp_path):
    server = issue(SERVER, ca)
    (tmp_path / "ca.crt").write_bytes(x509.certificate_pem(ca[0]))
    (tmp_path / "tls.crt").write_bytes(x509.certificate_pem(server[0]))
    (tmp_path / "tls.key").write_bytes(x509.key_pem(server[1]))
    verify = ["openssl", "verify", "-x509_strict", "-CAfile", "ca.crt"]
    options = ["-purpose", "sslserver", "-verify_hostname", "receiver.falco.svc", "tls.crt"]
    subprocess.run([*verify, *options], cwd=tmp_path, check=True, capture_output=True)
    refused = subprocess.run(
        [*verify, "-purpose", "sslclient", "tls.crt"], cwd=tmp_path, check=False, capture_output=True
    )
    assert refused.returncode != 0
    shown = subprocess.run(
        ["openssl", "x509", "-noout", "-text", "-in", "tls.crt"], cwd=tmp_path, check=True, capture_output=True
    ).stdout.decode()
    for words in ("CA:FALSE", "X509v3 Key Usage: critical", "Digital Signature", "prime256v1", "DNS:receiver,"):
        assert words in shown
    assert (tmp_path / "tls.key").read_text().startswith("-----BEGIN EC PRIVATE KEY-----")
    assert ca[0].extensions.get_extension_for_class(library.BasicConstraints).value.path_length == 0


def test_certificates_that_fit_stay(ca):
    assert against(ca, issue(SERVER, ca)) == []
    assert against_ca(data(ca, ("ca.crt", "ca.key"))) == []


def test_what_is_missing_or_garbage_is_a_reason(ca):
    leaf = wanted.wanted(params()).leaves[0]
    for stored in ({}, {"tls.crt": b"half a cert", "tls.key": b""}, {"tls.crt": x509.certificate_pem(ca[0])}):
        assert reasons.against_leaf(leaf, stored, ca[0], MONTH) == ["it is missing, or not readable"]
    assert against_ca({}) == ["it is missing, or not readable"]


def test_few_days_left_is_a_reason(ca):
    server = issue(SERVER, ca, age=340.5)
    assert against(ca, server) == ["24 days are left, renewal begins at 30"]
    assert against(ca, server, datetime.timedelta(days=20)) == []
    short = issue(SERVER, ca, validity_days=1 / 144)
    assert "0.0069 days are left, renewal begins at 30" in against(ca, short)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"validity_days": 90}, "its lifetime is 90 days, expected are 365"),
        ({"common_name": "other"}, "its common name is not 'receiver.falco.svc'"),
        ({"subject_alt_names": ["DNS:receiver"]}, "its names are not DNS:receiver, DNS:receiver.falco.svc"),
        ({"usage": ["client"]}, "its usage is not server"),
        ({"usage": ["server", "client"]}, "its usage is not server"),
    ],
)
def test_what_differs_from_what_is_declared_is_a_reason(ca, change, reason):
    assert against(ca, issue(SERVER, ca, **change)) == [reason]


def test_another_ca_and_another_key_are_reasons(ca):
    assert against(ca, issue(SERVER, issue(CA))) == ["the CA did not sign it"]
    assert against(ca, (issue(SERVER, ca)[0], x509.new_key())) == ["its private key is another one"]


def test_a_ca_that_ends_soon_is_no_reason_against_what_it_signed():
    old = issue(CA, age=3640.5)
    assert against_ca(data(old, ("ca.crt", "ca.key"))) == ["9 days are left, renewal begins at 30"]
    assert against(old, issue(SERVER, old)) == []


def test_a_given_certificate_is_compared_and_no_more(ca):
    server = issue(SERVER, ca, validity_days=7, common_name="theirs")
    assert against(ca, server, given=pem(server)) == []
    assert against(ca, issue(SERVER, ca), given=pem(server)) == ["another one was given"]
    assert against(ca, (server[0], x509.new_key()), given=pem(server)) == ["its private key is another one"]


def test_a_given_ca_may_be_several_and_its_key_is_not_in_the_secret(ca):
    second = issue(CA)
    both = {"certificate": pem(ca)["certificate"] + pem(second)["certificate"], "key": pem(ca)["key"]}
    assert against_ca({"ca.crt": both["certificate"].encode()}, both) == []
    assert against_ca({"ca.crt": both["certificate"].encode()}, pem(second)) == ["another one was given"]
    found = plan.plan(wanted.wanted(params(ca=both)), {})
    secret = found.secrets[wanted.Place("falco", "ca")]
    assert list(secret) == ["ca.crt"]
    signed = x509.load_certificate(found.secrets[wanted.Place("falco", "server")]["tls.crt"])
    assert x509.is_signed_by(signed, ca[0]), "the first one signs"


def test_a_bundle_has_each_ca_once_and_always_in_the_same_order(ca):
    second = issue(CA)[0]
    found = x509.bundle([ca[0], second, ca[0]])
    assert found == x509.bundle([second, ca[0]]) and set(x509.load_certificates(found)) == {ca[0], second}
    assert x509.bundle([]) == b""
