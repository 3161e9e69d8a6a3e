# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""k8s_certificates with an issuer of cert-manager, whose own controllers sign; make cert-manager runs it."""

from __future__ import annotations

import re
import time
import typing as t

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import (
    cert_manager,
    wanted,
    x509,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError

from . import cluster
from .cluster import GROUP, Namespace

ISSUER = {"name": "pipeline"}
NAME = "loki_stack_certificate_issuer"


@pytest.fixture(scope="module")
def api(tmp_path_factory) -> t.Iterator[t.Any]:
    folder = tmp_path_factory.mktemp("api")
    with cluster.api_server(folder / "server") as api:
        cluster.install(api)
        with cluster.controllers(api, folder):
            yield api


@pytest.fixture
def place(api, request) -> Namespace:
    found = Namespace(api, re.sub("[^a-z0-9]+", "-", request.node.name)[:60].strip("-"))
    yield found
    # The next test compares CAs with those of every Certificate.
    api.ok("DELETE", f"{GROUP}/namespaces/{found.name}/certificates")


def test_certificates_are_issued_once(place):
    ca = place.issuer()
    checked = place.run(check=True, issuer=ISSUER)
    assert checked["changed"] and place.certificate("server-tls") is None
    assert "fingerprint" not in checked["certificates"]["server"]
    found = place.run(issuer=ISSUER)
    assert found["changed"] and found["phases"] == []
    assert "PRIVATE" not in str(found)
    for name, usage in (("server", "server"), ("client", "client")):
        secret = place.secret(f"{name}-tls")
        assert cluster.OWNER.items() <= secret["metadata"]["labels"].items()
        assert place.signed_by(f"{name}-tls", ca)
        data = place.entries(f"{name}-tls")
        assert set(data) == {"tls.crt", "tls.key", "ca.crt"}
        certificate = x509.load_certificate(data["tls.crt"])
        assert x509.usages_of(certificate) == {x509.USAGES[usage]}
        assert x509.load_key(data["tls.key"]).curve.name == "secp256r1"
        assert x509.lifetime(certificate).days == 30
        assert found["certificates"][name]["not_after_seconds"] == x509.dates(certificate)["not_after_seconds"]
    names = x509.names_of(x509.load_certificate(place.entries("server-tls")["tls.crt"]))
    assert names == {"DNS:server", f"DNS:server.{place.name}.svc", "IP:127.0.0.1"}
    again = place.run(issuer=ISSUER)
    assert not again["changed"] and again["report"] == []
    assert again["certificates"]["server"]["fingerprint"] == found["certificates"]["server"]["fingerprint"]
    assert not place.run(check=True, issuer=ISSUER)["changed"]
    assert {one["secret"] for one in place.ends()} == {"server-tls", "client-tls"}


def test_a_change_of_the_declaration_issues_that_one_again(place):
    place.issuer()
    first = place.run(issuer=ISSUER)["certificates"]
    second = place.run(issuer=ISSUER, renew_before_days=12)
    assert second["changed"] and not place.run(issuer=ISSUER, renew_before_days=12)["changed"]
    ca = place.issuer("other")
    third = place.run(issuer={"name": "other"}, renew_before_days=12)["certificates"]
    assert place.signed_by("server-tls", ca) and place.signed_by("client-tls", ca)
    assert first["server"]["trust_fingerprint"] != third["server"]["trust_fingerprint"]


def test_renewal_by_name(place):
    place.issuer()
    first = place.run(issuer=ISSUER)["certificates"]
    found = place.run(issuer=ISSUER, renew=["client"])
    assert found["changed"] and found["certificates"]["client"]["reasons"] == ["its renewal was asked for"]
    assert found["certificates"]["client"]["fingerprint"] != first["client"]["fingerprint"]
    assert found["certificates"]["client"]["trust_fingerprint"] == first["client"]["trust_fingerprint"]
    assert found["certificates"]["server"]["fingerprint"] == first["server"]["fingerprint"]
    with pytest.raises(WorkError, match="renew: the CA is the issuer's"):
        place.run(issuer=ISSUER, renew=["ca"])


def test_renewal_by_cert_manager_itself(place):
    place.issuer()
    # 60 s, of which the last 50 s are for the renewal.
    short = {"issuer": ISSUER, "renew_before_days": 50 / 86400}
    certificates = [
        {
            "name": "client",
            "secret": "client-tls",
            "usage": ["client"],
            "common_name": "client",
            "namespace": place.name,
        }
        | {"validity_days": 60 / 86400}
    ]
    first = place.run(certificates=certificates, **short)["certificates"]["client"]
    before = place.entries("client-tls")
    cluster.until(lambda: place.entries("client-tls") != before, "cert-manager renews it")
    found = place.run(certificates=certificates, **short)
    assert not found["changed"], "what cert-manager does is no change of the task"
    assert found["certificates"]["client"]["fingerprint"] != first["fingerprint"]


def test_from_our_ca_to_the_issuer_and_back(place):
    keys = {"keys": {"certificate": "server.crt", "key": "server.key"}}
    leaf = {"name": "server", "secret": "server-tls", "usage": ["server"], "common_name": "server"}
    ours = [{**leaf, "namespace": place.name, "validity_days": 30}]
    own = [{**ours[0], **keys}]
    first = place.run(certificates=own)
    assert place.secret("pki") and set(place.entries("server-tls")) == {"server.crt", "server.key", "ca.crt"}
    ca = place.issuer()
    checked = place.run(check=True, certificates=ours, issuer=ISSUER)
    assert checked["changed"] and place.secret("pki")
    second = place.run(certificates=ours, issuer=ISSUER)
    assert place.secret("pki") is None and place.signed_by("server-tls", ca)
    assert set(place.entries("server-tls")) == {"tls.crt", "tls.key", "ca.crt"}
    assert second["certificates"]["server"]["trust_fingerprint"] != first["certificates"]["server"]["trust_fingerprint"]
    assert second["ca"]["changed"] and not place.run(certificates=ours, issuer=ISSUER)["changed"]
    checked = place.run(check=True, certificates=own)
    assert checked["changed"] and place.certificate("server-tls")
    third = place.run(certificates=own)
    assert third["changed"] and third["phases"] == [] and place.certificate("server-tls") is None
    assert place.secret("pki") and set(place.entries("server-tls")) == {"server.crt", "server.key", "ca.crt"}
    time.sleep(3)
    assert not place.run(certificates=own)["changed"], "cert-manager leaves it alone"
    # Back once more, where cert-manager's Secret never had another type.
    place.run(certificates=ours, issuer=ISSUER)
    assert place.run(certificates=own)["changed"] and not place.run(certificates=own)["changed"]


def test_a_certificate_of_ours_that_fits_is_issued_all_the_same(place):
    """cert-manager alone takes it for its own."""
    place.run()
    before = place.entries("client-tls")
    ca = place.issuer()
    assert place.run(issuer=ISSUER)["changed"]
    assert place.signed_by("client-tls", ca) and place.entries("client-tls")["ca.crt"] != before["ca.crt"]
    assert place.secret("pki") is None and not place.run(issuer=ISSUER)["changed"]


def test_a_switch_that_was_interrupted_is_completed(place):
    """Killed after its first write: cert-manager takes our certificates for its own since."""
    place.run()
    ca = place.issuer()
    given = place.parameters(issuer=ISSUER)
    declared = wanted.wanted(given)
    for leaf in declared.leaves:
        body = cert_manager.definition(leaf, declared, declared.issuer, cluster.OWNER)
        place.api.ok("POST", f"{GROUP}/namespaces/{place.name}/certificates", body)
    ready = cert_manager.is_ready
    cluster.until(lambda: all(ready(place.certificate(f"{one}-tls")) for one in ("server", "client")), "it is content")
    assert not place.signed_by("client-tls", ca)
    found = place.run(issuer=ISSUER)
    assert found["changed"] and place.signed_by("client-tls", ca) and place.signed_by("server-tls", ca)
    assert place.secret("pki") is None and not place.run(issuer=ISSUER)["changed"]


def test_a_missing_issuer_ends_before_anything_changes(place):
    with pytest.raises(WorkError, match=f"{NAME}: there is no Issuer {place.name}/pipeline"):
        place.run(issuer=ISSUER)
    assert place.certificate("server-tls") is None
    assert "there is no Issuer" in place.run(check=True, issuer=ISSUER)["warnings"][0]
    with pytest.raises(WorkError, match="there is no ClusterIssuer pipeline"):
        place.run(issuer={"name": "pipeline", "kind": "ClusterIssuer"})


def test_an_issuer_that_is_not_ready_is_quoted(place):
    place.run()
    before = place.entries("server-tls")
    body = {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Issuer",
        "metadata": {"name": "pipeline"},
        "spec": {"ca": {"secretName": "nowhere"}},
    }
    place.api.ok("POST", f"{GROUP}/namespaces/{place.name}/issuers", body)
    with pytest.raises(WorkError) as raised:
        place.run(issuer=ISSUER, wait_timeout=5)
    said = str(raised.value)
    assert said.startswith(f"{NAME}: cert-manager has not issued within 5 s 2 certificates")
    assert f"CertificateRequest {place.name}/" in said and "Issuing=True" in said and "status condition" in said
    assert place.entries("server-tls") == before and place.secret("pki"), "nothing of before is lost"


def test_an_issuer_without_a_ca_is_refused(place):
    acme = {"server": "https://127.0.0.1:1/", "privateKeySecretRef": {"name": "account"}, "solvers": []}
    place.issuer("account", acme=acme)
    with pytest.raises(WorkError, match="is of type ACME, which gives no CA"):
        place.run(issuer={"name": "account"})
    assert place.certificate("server-tls") is None


def test_a_failure_is_tried_again_by_the_next_run(place):
    """cert-manager alone waits for an hour."""
    place.issuer()
    place.run(issuer=ISSUER)
    path = f"{GROUP}/namespaces/{place.name}/certificates/server-tls"
    found = place.certificate("server-tls")
    failed = {
        "type": "Issuing",
        "status": "False",
        "reason": "Failed",
        "message": "refused by a test",
        "observedGeneration": found["metadata"]["generation"],
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    status = {"conditions": [*found["status"]["conditions"], failed], "lastFailureTime": "2099-01-01T00:00:00Z"}
    place.api.ok("PATCH", f"{path}/status", {"status": {**status, "failedIssuanceAttempts": 3}})
    place.run(issuer=ISSUER)
    kinds = {one["type"]: one["status"] for one in place.certificate("server-tls")["status"]["conditions"]}
    assert kinds["Ready"] == "True" and kinds.get("Issuing") != "False"


def test_a_certificate_of_others_is_not_touched(place):
    place.issuer()
    theirs = {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": "server-tls"},
        "spec": {"secretName": "theirs", "dnsNames": ["theirs"], "issuerRef": {"name": "pipeline"}},
    }
    place.api.ok("POST", f"{GROUP}/namespaces/{place.name}/certificates", theirs)
    cluster.until(lambda: place.secret("theirs"), "their Secret is there")
    with pytest.raises(WorkError, match=f"Certificate {place.name}/server-tls: not managed by this collection"):
        place.run(issuer=ISSUER)
    assert place.run()["changed"]
    assert place.certificate("server-tls")["spec"]["secretName"] == "theirs"


def test_one_ca_for_two_sets_of_certificates_is_refused(place, api):
    ca = place.issuer()
    place.run(issuer=ISSUER)
    other = Namespace(api, f"{place.name[:50]}-other")
    other.issuer(ca=ca)
    with pytest.raises(WorkError, match=f"{NAME}: its CA also signs for {place.name}/pki, as Secret {place.name}/"):
        other.run(issuer=ISSUER)
    other.issuer("own")
    assert other.run(issuer={"name": "own"})["changed"]
    assert not place.run(issuer=ISSUER)["changed"]
    api.ok("DELETE", f"{GROUP}/namespaces/{other.name}/certificates")


def test_our_ca_needs_no_rights_for_cert_manager(place, api):
    rules = [{"apiGroups": [""], "resources": ["*"], "verbs": ["*"]}]
    group = "/apis/rbac.authorization.k8s.io/v1"
    api.ok("POST", f"{group}/clusterroles", {"metadata": {"name": "strangers"}, "rules": rules})
    subject = {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "strangers"}
    role = {"kind": "ClusterRole", "apiGroup": "rbac.authorization.k8s.io", "name": "strangers"}
    binding = {"metadata": {"name": "strangers"}, "subjects": [subject], "roleRef": role}
    api.ok("POST", f"{group}/clusterrolebindings", binding)
    assert place.ends(user=cluster.STRANGER) == []
    assert place.run(user=cluster.STRANGER)["changed"]
    place.issuer()
    place.run(issuer=ISSUER)
    with pytest.raises(WorkError, match=r"Certificate .*forbidden"):
        place.run(user=cluster.STRANGER)
