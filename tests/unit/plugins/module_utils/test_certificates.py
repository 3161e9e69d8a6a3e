# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a certificate is made like, why it cannot stay, and what is wrong with one that was given."""

from __future__ import annotations

import datetime
import subprocess

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import (
    plan,
    problems,
    reasons,
    wanted,
    x509,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError
from cryptography import x509 as library

MONTH = datetime.timedelta(days=30)
NOT_GIVEN = {"certificate": None, "key": None}
CA = {"name": "ca", "namespace": "falco", "common_name": "ca", "validity_days": 3650, **NOT_GIVEN}
SERVER = {
    "name": "server",
    "secret": None,
    "namespace": "falco",
    "usage": ["server"],
    "common_name": "receiver.falco.svc",
    "subject_alt_names": ["DNS:receiver", "DNS:receiver.falco.svc"],
    "validity_days": 365,
    "keys": {"certificate": "tls.crt", "key": "tls.key", "ca": "ca.crt"},
    **NOT_GIVEN,
}
CLIENT = {**SERVER, "name": "client", "usage": ["client"], "common_name": "falco", "subject_alt_names": []}


def params(ca=(), server=(), **changes):
    found = {"ca": {**CA, **dict(ca)}, "certificates": [{**SERVER, **dict(server)}]}
    return {**found, "renew_before_days": 30, "renew": [], **changes}


def subject(given, **changes):
    found = {**given, **changes}
    days = datetime.timedelta(days=found["validity_days"])
    return x509.Subject(
        found["common_name"], days, tuple(found.get("usage", ())), tuple(found.get("subject_alt_names", ()))
    )


def issue(given, issuer=None, age=0, monkeypatch=None, **changes):
    """A certificate and its key, made some days ago."""
    key = x509.new_key()
    past = x509.now() - datetime.timedelta(days=age)
    with pytest.MonkeyPatch.context() as context:
        context.setattr(x509, "now", lambda: past)
        return x509.issue(subject(given, **changes), key, *(issuer or ())), key


def pem(pair):
    return {"certificate": x509.certificate_pem(pair[0]).decode(), "key": x509.key_pem(pair[1]).decode()}


def data(pair, names=("tls.crt", "tls.key")):
    return dict(zip(names, (x509.certificate_pem(pair[0]), x509.key_pem(pair[1]))))


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


def problems_of(ca, server):
    declared = params(ca=ca, server=server)
    leaves = [wanted._leaf(one) for one in declared["certificates"]]
    return problems.by_name(wanted._ca(declared["ca"]), leaves)


def test_given_certificates_that_fit_have_no_problems(ca):
    assert problems_of({**pem(ca), "key": ""}, pem(issue(SERVER, ca))) == {"ca": [], "server": []}
    more = issue(SERVER, ca, subject_alt_names=[*SERVER["subject_alt_names"], "DNS:more"], usage=["server", "client"])
    assert problems_of(pem(ca), pem(more))["server"] == []
    assert problems_of({}, {}) == {}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"subject_alt_names": ["DNS:receiver"]}, "it lacks the names DNS:receiver.falco.svc"),
        ({"usage": ["client"]}, "its extended key usage is not server"),
        ({"validity_days": 3, "age": 4}, "it ends at "),
    ],
)
def test_problems_of_a_given_certificate(ca, change, problem):
    (found,) = problems_of(pem(ca), pem(issue(SERVER, ca, **change)))["server"]
    assert found.startswith(problem)


def test_problems_of_what_does_not_belong_together(ca):
    server = issue(SERVER, ca)
    assert problems_of(pem(issue(CA)), pem(server))["server"] == ["the given CA did not sign it"]
    assert problems_of({}, pem(server))["server"] == ["the CA that signed it is missing"]
    assert problems_of(pem(ca), pem((server[0], ca[1])))["server"] == ["its private key is another one's"]
    assert problems_of(pem(ca), {**pem(server), "key": ""})["server"] == ["its private key is missing"]
    assert problems_of(pem(server), {})["ca"] == ["it is not a CA's (basic constraint CA)"]
    assert problems_of({"certificate": "x", "key": ""}, {})["ca"] == ["it is not a certificate in PEM"]
    assert problems_of({**pem(ca), "key": "x"}, {})["ca"] == ["its private key is not one in PEM without a passphrase"]
    assert problems_of({**pem(ca), "key": ""}, {})["server"] == [
        "it is missing, and without the CA's private key none can be signed"
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"certificates": [SERVER, SERVER]}, "the name is there more than once (server)"),
        ({"certificates": [{**SERVER, "name": "ca"}]}, "the name 'ca' is the CA's"),
        (
            {"certificates": [{**SERVER, "secret": "ca-next"}]},
            "falco/ca-next: more than one certificate has this Secret",
        ),
        ({"certificates": [{**SERVER, "secret": "Not_A_Name"}]}, "falco/Not_A_Name: is not the name of a Secret"),
        ({"certificates": [{**SERVER, "subject_alt_names": ["receiver"]}]}, "receiver is neither DNS:name nor IP:"),
        ({"certificates": [{**SERVER, "subject_alt_names": ["IP:receiver"]}]}, "certificates server: 'receiver' does"),
        ({"certificates": [{**SERVER, "usage": []}]}, "server: has no usage"),
        ({"certificates": [{**SERVER, "validity_days": 30}]}, "server: validity_days has to be more than renew_before"),
        ({"certificates": [{**SERVER, "keys": {**SERVER["keys"], "ca": "tls.key"}}]}, "need keys that differ"),
        ({"renew": ["servre"]}, "renew: there is no certificate servre"),
        ({"ca": {"certificate": "x"}}, "ca: the certificate that was given is refused: it is not a certificate in PEM"),
        ({"ca": {"validity_days": 20}}, "ca.validity_days: has to be more"),
    ],
)
def test_what_cannot_be_is_refused_before_anything(changes, message):
    with pytest.raises(WorkError) as error:
        wanted.wanted({**params(), **changes, "ca": {**CA, **changes.get("ca", {})}})
    assert message in str(error.value) and str(error.value).endswith("Nothing was changed.")


def test_one_that_was_given_is_not_renewed(ca):
    with pytest.raises(WorkError, match="renew: ca was given"):
        wanted.wanted(params(ca=pem(ca), renew=["ca"]))


def test_the_key_of_a_refused_pair_is_not_in_the_message(ca):
    with pytest.raises(WorkError) as error:
        wanted.wanted(params(ca={**pem(ca), "key": "planted-key"}))
    assert "planted-key" not in str(error.value)


def stored_of(declared, found):
    return {place: content for place, content in found.secrets.items()}


def test_a_given_ca_takes_the_place_of_ours_in_phases(ca):
    ours = wanted.wanted(params())
    stored = stored_of(ours, plan.plan(ours, {}))
    declared = wanted.wanted(params(ca=pem(ca)))
    found = plan.plan(declared, stored)
    assert found.phases == ["sign", "drop"] and found.reasons["ca"] == ["another one was given"]
    assert list(found.secrets[declared.ca.next]) == ["ca.crt"]
    assert found.reasons["server"] == []
    stored.update(found.secrets)
    found = plan.plan(declared, stored, "sign")
    assert found.reasons["server"] == ["the CA did not sign it"] and found.removals == [declared.ca.next]
    assert list(found.secrets[declared.ca.place]) == ["ca.crt"], "neither key stays in the cluster"


def test_all_that_is_given_without_the_cas_key_changes_at_once(ca):
    ours = wanted.wanted(params())
    stored = stored_of(ours, plan.plan(ours, {}))
    server = issue(SERVER, ca)
    declared = wanted.wanted(params(ca={**pem(ca), "key": ""}, server=pem(server)))
    found = plan.plan(declared, stored)
    assert found.phases == []
    assert found.secrets[declared.leaves[0].place]["tls.crt"] == x509.certificate_pem(server[0])


def test_a_next_ca_that_is_no_longer_wanted_is_made_again(ca):
    ours = wanted.wanted(params())
    stored = stored_of(ours, plan.plan(ours, {}))
    stored.update(plan.plan(wanted.wanted(params(ca=pem(ca))), stored).secrets)
    # The given one was taken back; nobody has its key any more.
    found = plan.plan(ours, stored)
    assert found.phases == ["sign", "drop"]
    assert set(found.secrets[ours.ca.next]) == {"ca.crt", "ca.key"}


def test_a_third_ca_during_a_change_is_trusted_beside_the_other_two(ca):
    ours = wanted.wanted(params(renew=["ca"]))
    stored = stored_of(ours, plan.plan(wanted.wanted(params()), {}))
    stored.update(plan.plan(ours, stored).secrets)
    found = plan.plan(ours, stored, "sign")
    stored.update(found.secrets)
    del stored[ours.ca.next]
    declared = wanted.wanted(params(ca=pem(ca)))
    found = plan.plan(declared, stored)
    assert found.phases == ["sign", "drop"]
    assert len(x509.load_certificates(found.secrets[declared.leaves[0].place]["ca.crt"])) == 3
    stored.update(found.secrets)
    found = plan.plan(declared, stored, "sign")
    assert len(x509.load_certificates(found.secrets[declared.ca.previous]["ca.crt"])) == 2


def test_a_ca_without_its_key_signs_nothing(ca):
    declared = wanted.wanted(params(ca=pem(ca)))
    other = issue(CA)
    stored = {declared.ca.place: data(other, ("ca.crt", "ca.key")), declared.ca.previous: data(other, ("ca.crt", "x"))}
    del stored[declared.ca.place]["ca.key"]
    stored[declared.leaves[0].place] = {}
    with pytest.raises(WorkError, match="Secret falco/ca: the CA is to sign, and its private key is missing"):
        plan.plan(declared, stored, "sign")
