# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused of certificates that were made elsewhere."""

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import (
    problems,
    wanted,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError
from certificate_parts import CA, SERVER, issue, params, pem


@pytest.fixture
def ca():
    return issue(CA)


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
