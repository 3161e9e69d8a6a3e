# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The phases in which a CA changes."""

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import (
    plan,
    wanted,
    x509,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError
from certificate_parts import CA, SERVER, data, issue, params, pem


@pytest.fixture
def ca():
    return issue(CA)


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
