# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How certificates are declared to cert-manager, and what its objects and Secrets say."""

from __future__ import annotations

import datetime

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import (
    cert_manager,
    wanted,
    work,
    x509,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.object_comparison import patch
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError
from certificate_parts import CA, SERVER, data, issue, params, pem

ISSUER = {"name": "pipeline", "kind": "ClusterIssuer", "group": "cert-manager.io"}
OWNER = {"app.kubernetes.io/managed-by": "runtime_security.kubernetes"}


def declared(server=(), **changes):
    return wanted.wanted(params(server=server, issuer=ISSUER, **changes))


def definition(server=()):
    found = declared(server)
    return cert_manager.definition(found.leaves[0], found, found.issuer, OWNER)


@pytest.fixture
def ca():
    return issue(CA)


def test_a_certificate_is_declared():
    found = definition({"subject_alt_names": ["DNS:receiver", "IP:::1"], "usage": ["server", "client"]})
    assert found["metadata"] == {
        "name": "server",
        "namespace": "falco",
        "labels": OWNER,
        "annotations": {"runtime-security/ca": "falco/ca"},
    }
    spec = found["spec"]
    assert (spec["dnsNames"], spec["ipAddresses"]) == (["receiver"], ["::1"])
    assert spec["usages"] == ["digital signature", "server auth", "client auth"]
    assert (spec["duration"], spec["renewBefore"]) == ("8760h0m0s", "720h0m0s")
    assert spec["secretTemplate"]["labels"] == OWNER
    assert spec["issuerRef"] == ISSUER


def test_what_the_api_server_adds_is_no_difference():
    found = definition()
    spec = {
        **found["spec"],
        "revisionHistoryLimit": 1,
        "privateKey": {**found["spec"]["privateKey"], "encoding": "PKCS1"},
    }
    # It leaves out lists that are empty.
    del spec["ipAddresses"]
    assert patch({**found, "spec": spec, "status": {}}, found) == {}
    assert patch({**found, "spec": {**spec, "duration": "24h0m0s"}}, found) == {"spec": {"duration": "8760h0m0s"}}


def test_a_fraction_of_a_day():
    assert definition({"validity_days": 30 + 61 / 86400})["spec"]["duration"] == "720h1m1s"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"server": {"keys": {"certificate": "server.crt", "key": "server.key", "ca": "ca.crt"}}}, "Expected tls.crt"),
        ({"server": {"namespace": "agents"}}, "is in namespace 'agents'. Expected the CA's, 'falco'"),
        ({"renew": ["ca"]}, "renew: the CA is the issuer's"),
    ],
)
def test_what_an_issuer_cannot_do_is_refused(changes, words):
    with pytest.raises(WorkError, match=words):
        declared(**changes)


def test_an_issuer_and_a_given_ca_are_refused(ca):
    with pytest.raises(WorkError, match="issuer: ca was given too"):
        wanted.wanted(params(ca=pem(ca), issuer=ISSUER))


def test_without_a_cluster_all_of_it_is_announced():
    found = work.announce(params(issuer=ISSUER))
    assert (
        found["changed"]
        and found["phases"] == []
        and found["report"] == ["falco/server: it is missing, or not readable"]
    )
    assert "fingerprint" not in found["certificates"]["server"]


def certificate(ready="True", observed=2, issuing=None):
    conditions = [{"type": "Ready", "status": ready, "observedGeneration": observed}]
    conditions += [{"type": "Issuing", "status": issuing, "reason": "Failed"}] if issuing else []
    metadata = {"name": "server", "namespace": "falco", "generation": 2}
    return {"kind": "Certificate", "metadata": metadata, "status": {"conditions": conditions}}


def test_ready_is_what_is_ready_in_its_current_form():
    assert cert_manager.is_ready(certificate())
    assert not cert_manager.is_ready(certificate(observed=1))
    assert not cert_manager.is_ready(certificate(ready="False"))
    assert not cert_manager.is_ready(certificate(issuing="True"))
    assert not cert_manager.is_ready({"metadata": {"generation": 1}})


def test_a_renewal_keeps_the_other_conditions():
    failed = certificate(issuing="False")
    assert cert_manager.has_failed(failed) and not cert_manager.has_failed(certificate())
    asked = {**failed, "status": {"conditions": cert_manager.asked(failed)}}
    assert cert_manager.is_issuing(asked) and not cert_manager.has_failed(asked)
    assert cert_manager.conditions(asked)["Ready"] == cert_manager.conditions(failed)["Ready"]


def test_the_newest_request_is_the_one_that_counts():
    def request(name, owner, made):
        annotations = {"cert-manager.io/certificate-name": owner}
        return {"metadata": {"name": name, "annotations": annotations, "creationTimestamp": made}}

    requests = [request("b", "server", "2026-02-01"), request("a", "server", "2026-01-01"), request("c", "x", "2027")]
    assert cert_manager.request_of(certificate(), requests)["metadata"]["name"] == "b"
    assert cert_manager.request_of(certificate(), []) is None


def secret(server, ca, chain=()):
    certificates = b"".join(x509.certificate_pem(one) for one in (server[0], *chain))
    return {**data(server), "tls.crt": certificates, "ca.crt": x509.certificate_pem(ca[0])}


def against(found, server=()):
    return cert_manager.against(declared(server).leaves[0], found)


def test_what_an_issuer_signed_is_accepted(ca):
    assert against(secret(issue(SERVER, ca), ca)) == ""
    # The issuer decides how long it is valid, and may add names.
    names = [*SERVER["subject_alt_names"], "DNS:more"]
    assert against(secret(issue(SERVER, ca, validity_days=1, subject_alt_names=names), ca)) == ""


def test_a_chain_leads_to_the_ca(ca):
    key = x509.new_key()
    subject = x509.Subject("intermediate", datetime.timedelta(days=1))
    between = (x509.issue(subject, key, *ca), key)
    server = issue(SERVER, between)
    assert against(secret(server, ca, [between[0]])) == ""
    assert against(secret(server, ca)) == "no CA in ca.crt signed it"
    assert against(secret(server, ca, [issue(CA)[0]])) == "no CA in ca.crt signed it"


def test_what_does_not_fit_is_not_taken(ca):
    server = issue(SERVER, ca)
    assert "no readable certificate" in against({})
    assert against({**secret(server, ca), "tls.key": x509.key_pem(x509.new_key())}) == "its private key is another one"
    assert against(secret(issue(SERVER, ca, subject_alt_names=["DNS:x"]), ca)).startswith(
        "its names are not DNS:receiver"
    )
    assert against(secret(issue(SERVER, ca, usage=["client"]), ca)) == "its usage is not server"
    assert against(secret(server, issue(CA))) == "no CA in ca.crt signed it"
