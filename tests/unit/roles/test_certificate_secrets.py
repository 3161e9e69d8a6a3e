# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates in the Secrets of a cluster: made, renewed, rotated, stopped after every write, and lied to."""

from __future__ import annotations

import datetime
import json

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import info, issuer, wanted, x509
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.secrets import Secrets
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError
from api_lies import LIES, Liar
from certificate_secrets import CA, LEAVES, OWNER, PARAMS, data, leaf, names, signed
from objects_double import made


def test_a_first_run_makes_all_and_a_second_one_changes_nothing(run, cluster):
    done = run()
    assert done["changed"] and done["phases"] == []
    assert names(cluster) == {"falco/pki", "falco/server-tls", "agents/client-tls"}
    assert cluster.changes[0] == "POST secrets/pki", "what signs has to be there before what it signed"
    ca = x509.load_certificate(data(cluster, "falco", "pki")["ca.crt"])
    assert x509.is_ca(ca) and x509.common_name(ca) == "the CA"
    for name, namespace, usage in (("server", "falco", "server"), ("client", "agents", "client")):
        found = data(cluster, namespace, f"{name}-tls")
        certificate = x509.load_certificate(found["tls.crt"])
        assert x509.is_signed_by(certificate, ca) and found["ca.crt"] == x509.certificate_pem(ca)
        assert x509.usages_of(certificate) == {x509.USAGES[usage]}
        assert x509.lifetime(certificate) == datetime.timedelta(days=365)
        assert x509.belong_together(certificate, x509.load_key(found["tls.key"]))
    assert x509.names_of(x509.load_certificate(data(cluster, "falco", "server-tls")["tls.crt"])) == {
        "DNS:server.falco.svc",
        "IP:10.0.0.1",
    }
    cluster.changes.clear()
    again = run()
    assert not again["changed"] and cluster.changes == [] and "diff" not in again
    for key in ("fingerprint", "certificate_fingerprint", "trust_fingerprint"):
        assert again["certificates"]["server"][key] == done["certificates"]["server"][key]
    renewed = run(renew=["server"])["certificates"]["server"]
    assert renewed["fingerprint"] != again["certificates"]["server"]["fingerprint"]
    assert renewed["certificate_fingerprint"] != again["certificates"]["server"]["certificate_fingerprint"]
    assert renewed["trust_fingerprint"] == again["certificates"]["server"]["trust_fingerprint"]
    assert again["certificates"]["server"]["not_after"].endswith("Z")


def test_check_mode_says_what_and_why_and_writes_nothing(run, cluster):
    done = run(check=True)
    assert done["changed"] and cluster.changes == []
    assert done["report"][1] == "falco/server-tls: it is missing, or not readable"
    run()
    cluster.changes.clear()
    del cluster.objects["v1", "agents", "secrets", "client-tls"]
    done = run(check=True)
    assert done["report"] == ["agents/client-tls: it is missing, or not readable"]
    assert done["certificates"]["client"]["changed"] and not done["certificates"]["server"]["changed"]
    assert cluster.changes == []


def test_no_result_has_a_key(run, cluster):
    done = json.dumps([run(), run(renew=["ca"]), run(phase="sign"), run(phase="drop")])
    assert "PRIVATE" not in done and "BEGIN" not in done
    for place in cluster.objects:
        for value in data(cluster, place[1], place[3]).values():
            assert value.decode().splitlines()[1] not in done


def test_only_what_was_asked_for_is_renewed(run, cluster):
    run()
    before = {place: data(cluster, place[1], place[3]) for place in cluster.objects}
    done = run(renew=["client"])
    assert done["report"] == ["agents/client-tls: its renewal was asked for"] and done["phases"] == []
    assert [place[3] for place in before if data(cluster, place[1], place[3]) != before[place]] == ["client-tls"]
    assert signed(cluster, "client", "agents")


def test_a_name_that_is_added_renews_that_certificate(run, cluster):
    run()
    more = [leaf("server", "falco", "server", names=["DNS:server.falco.svc", "DNS:more"]), LEAVES[1]]
    done = run(certificates=more)
    assert done["certificates"]["server"]["reasons"] == ["its names are not DNS:server.falco.svc, DNS:more"]
    assert not done["certificates"]["client"]["changed"]


def test_labels_and_annotations_of_others_stay(run, cluster):
    run()
    metadata = cluster.objects["v1", "agents", "secrets", "client-tls"]["metadata"]
    metadata["labels"]["team"] = "a"
    metadata["annotations"] = {"note": "b"}
    run(renew=["client"])
    metadata = cluster.objects["v1", "agents", "secrets", "client-tls"]["metadata"]
    assert metadata["labels"] == {**OWNER, "team": "a"} and metadata["annotations"] == {"note": "b"}


def test_the_ca_lists_what_it_signs(run, cluster):
    run()
    annotations = cluster.objects["v1", "falco", "secrets", "pki"]["metadata"]["annotations"]
    assert annotations == {"runtime-security/certificates": "agents/client-tls,falco/server-tls"}
    done = run(certificates=LEAVES[:1])
    assert done["changed"] and done["diff"]["after"]["falco/pki"]["signs"] == ["falco/server-tls"]
    assert not run(certificates=LEAVES[:1])["changed"]


def test_only_what_the_ca_signs_now_is_read(run, cluster, client_at):
    """While a variant is changed, the Secrets of both are there until the new pods are ready."""
    run(certificates=LEAVES[:1])
    run(certificates=LEAVES[1:])
    assert "falco/server-tls" in names(cluster)
    found = info.ends(Reader(client_at(cluster)), "falco", "pki")
    assert [(one["namespace"], one["secret"]) for one in found] == [("falco", "pki"), ("agents", "client-tls")]
    assert found[0]["not_after"] == run(certificates=LEAVES[1:])["ca"]["not_after"]
    assert info.ends(Reader(client_at(cluster)), "falco", "missing") == []


def test_dates_of_a_ca_that_was_given_are_those_of_the_first(run, cluster, client_at):
    key = x509.new_key()
    own = x509.issue(wanted.wanted(PARAMS).ca.subject, key)
    other = x509.issue(wanted.wanted(PARAMS).ca.subject, x509.new_key())
    pem = (x509.certificate_pem(own) + x509.certificate_pem(other)).decode()
    run(ca={**CA, "certificate": pem, "key": x509.key_pem(key).decode()})
    assert list(data(cluster, "falco", "pki")) == ["ca.crt"]
    assert [one["secret"] for one in info.ends(Reader(client_at(cluster)), "falco", "pki")] == [
        "pki",
        "client-tls",
        "server-tls",
    ]


def test_a_secret_of_somebody_else_is_refused_before_the_first_write(run, cluster):
    cluster.objects["v1", "agents", "secrets", "client-tls"] = made("Secret", "client-tls", {}, "agents")
    with pytest.raises(WorkError, match="Secret agents/client-tls: not managed by this collection"):
        run()
    assert cluster.changes == []


def test_a_secret_that_the_api_server_did_not_show_is_not_overwritten(run, cluster):
    run()
    hidden = ("v1", "falco", "secrets", "pki")
    answer = cluster.answer

    def forgetful(method, path, words, body):
        if method == "GET" and path.endswith("/secrets/pki"):
            return 404, {"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404}
        return answer(method, path, words, body)

    before = cluster.objects[hidden]
    cluster.answer = forgetful
    with pytest.raises(WorkError, match="Secret falco/pki: it was not written: it was created by another client"):
        run()
    assert cluster.objects[hidden] is before


def test_a_secret_that_changes_meanwhile_is_not_overwritten(run, cluster):
    run()
    answer, place = cluster.answer, ("v1", "agents", "secrets", "client-tls")

    def slow(method, path, words, body):
        if method == "PUT":
            cluster.objects[place]["metadata"]["resourceVersion"] = "999"
        return answer(method, path, words, body)

    cluster.answer = slow
    with pytest.raises(WorkError, match="client-tls: it was not written: it was changed by another client meanwhile"):
        run(renew=["client"])


@pytest.mark.parametrize(
    "lie", [pytest.param(lie, id=name) for name, lie in LIES.items() if name != "no answer in time"]
)
@pytest.mark.parametrize("about", ["pki", "pki-next", "client-tls"])
def test_nothing_is_written_on_a_lie(client_at, lie, about):
    """A CA that is not seen would be made again, and its key would be lost."""
    cluster = Liar().lie(lambda honest: honest, lambda path: path.endswith(f"/secrets/{about}"))
    client = client_at(cluster)
    issuer.apply(Secrets(client, OWNER), wanted.wanted(PARAMS), None, Mode())
    cluster.changes.clear()
    cluster.told = lie
    with pytest.raises(WorkError, match="not clear, and nothing was changed"):
        issuer.apply(Secrets(client, OWNER), wanted.wanted({**PARAMS, "renew": ["server"]}), None, Mode())
    assert cluster.changes == []
