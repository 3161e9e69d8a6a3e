# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A CA changes in phases; a run that is stopped at any write goes on."""

from __future__ import annotations

import base64

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import wanted, x509
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError
from certificate_secrets import OWNER, PARAMS, data, names, signed
from objects_double import made


class Pods:
    """Each workload runs with the Secret of its last start; until a rollout has ended, with any since the one before."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.used = {}
        self.start()

    def start(self):
        for namespace, name in (("falco", "server-tls"), ("agents", "client-tls")):
            if ("v1", namespace, "secrets", name) in self.cluster.objects:
                self.used.setdefault(name, [])
                found = data(self.cluster, namespace, name)
                if found not in self.used[name]:
                    self.used[name].append(found)

    def rolled_out(self):
        self.used = {}
        self.start()

    def refused(self):
        """Each certificate in use that somebody in use would refuse."""
        return [
            (mine, theirs)
            for mine, own in self.used.items()
            for theirs, others in self.used.items()
            if mine != theirs
            for one in own
            for other in others
            if not any(
                x509.is_signed_by(x509.load_certificate(one["tls.crt"]), ca)
                for ca in x509.load_certificates(other["ca.crt"])
            )
        ]


def rotate(run, pods, renew=()):
    """A whole rotation as a role does it."""
    phases, asked = run(renew=list(renew))["phases"], []
    for phase in phases:
        pods.rolled_out()
        asked.append(phase)
        run(phase=phase)
    pods.rolled_out()
    return asked


def test_a_ca_changes_in_phases_and_nobody_is_refused(run, cluster):
    run()
    before = data(cluster, "falco", "pki")["ca.crt"]
    pods = Pods(cluster)
    cluster.left, cluster.seen = 1000, lambda: (pods.start(), refused.extend(pods.refused()))
    refused = []
    done = run(check=True, renew=["ca"])
    assert done["ca"]["reasons"] == ["its renewal was asked for"] and done["phases"] == ["sign", "drop"]
    assert rotate(run, pods, ["ca"]) == ["sign", "drop"]
    assert refused == []
    assert names(cluster) == {"falco/pki", "falco/server-tls", "agents/client-tls"}
    after = data(cluster, "falco", "pki")["ca.crt"]
    assert after != before and signed(cluster) and signed(cluster, "client", "agents")
    assert data(cluster, "falco", "server-tls")["ca.crt"] == after
    assert not run()["changed"]


def test_the_certificate_changes_in_one_phase_and_what_it_trusts_in_the_others(run):
    steps = [run(), run(renew=["ca"])]
    steps += [run(phase=phase) for phase in steps[-1]["phases"]]
    found = {
        key: [step["certificates"]["server"][key] for step in steps]
        for key in ("certificate_fingerprint", "trust_fingerprint")
    }
    first, both, resigned, dropped = found["certificate_fingerprint"]
    assert first == both != resigned == dropped
    first, both, resigned, dropped = found["trust_fingerprint"]
    assert first != both == resigned != dropped


# trust: next, both; sign: previous, the CA, both, next is removed; drop: both, previous is removed
@pytest.mark.parametrize("happens", [True, False], ids=["written", "not written"])
@pytest.mark.parametrize("step", range(1, 12))
def test_a_rotation_that_is_stopped_at_any_write_goes_on(run, cluster, step, happens):
    run()
    before = data(cluster, "falco", "pki")["ca.crt"]
    pods, refused = Pods(cluster), []
    cluster.left, cluster.happens = step, happens
    cluster.seen = lambda: (pods.start(), refused.extend(pods.refused()))
    with pytest.raises(WorkError, match="the next run goes on from there|it was not deleted"):
        rotate(run, pods, ["ca"])
    cluster.left = 1000
    # Who asked for a rotation asks for it again; before its first write there is nothing to go on with.
    rotate(run, pods, ["ca"] if names(cluster) & {"falco/pki-next", "falco/pki-previous"} or step == 1 else [])
    assert refused == []
    assert names(cluster) == {"falco/pki", "falco/server-tls", "agents/client-tls"}
    assert data(cluster, "falco", "pki")["ca.crt"] != before
    assert signed(cluster) and signed(cluster, "client", "agents") and not run()["changed"]


def test_a_rotation_is_as_long_as_the_test_of_its_stops(run, cluster):
    run()
    cluster.changes.clear()
    rotate(run, Pods(cluster), ["ca"])
    assert len(cluster.changes) == 11, cluster.changes


@pytest.mark.parametrize("happens", [True, False], ids=["written", "not written"])
@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_first_run_that_is_stopped_at_any_write_goes_on(run, cluster, step, happens):
    cluster.left, cluster.happens = step, happens
    with pytest.raises(WorkError, match="the next run goes on from there"):
        run()
    cluster.left = 1000
    assert run()["phases"] == []
    assert signed(cluster) and signed(cluster, "client", "agents") and not run()["changed"]


def test_a_rotation_that_was_begun_goes_on_without_being_asked_for(run, cluster):
    run()
    run(renew=["ca"])
    assert "falco/pki-next" in names(cluster)
    cluster.changes.clear()
    done = run(renew=["ca"])
    assert done["phases"] == ["sign", "drop"] and not done["changed"], "no third CA"
    assert run(phase="sign")["phases"] == []
    assert run()["phases"] == ["drop"]


def test_a_certificate_that_is_lost_during_a_rotation_is_made_with_the_next_ca(run, cluster):
    run()
    del cluster.objects["v1", "agents", "secrets", "client-tls"]
    run(renew=["ca"])
    assert signed(cluster, "client", "agents", ca="pki-next") and signed(cluster)


def test_the_previous_ca_is_not_dropped_while_something_needs_it(run, cluster):
    run()
    run(renew=["ca"])
    cluster.changes.clear()
    with pytest.raises(WorkError, match="falco/pki-next: is there"):
        run(phase="drop")
    run(phase="sign")
    old = made("Secret", "server-tls", OWNER, "falco")
    old["data"] = {
        "tls.crt": base64.b64encode(
            x509.certificate_pem(x509.issue(wanted.wanted(PARAMS).leaves[0].subject, x509.new_key()))
        ).decode()
    }
    cluster.objects["v1", "falco", "secrets", "server-tls"] = old
    with pytest.raises(WorkError, match="falco/server-tls: its certificate is not one of the CA in falco/pki"):
        run(phase="drop")
    assert "falco/pki-previous" in names(cluster)
