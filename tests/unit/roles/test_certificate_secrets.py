# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates in the Secrets of a cluster: made, renewed, rotated, stopped after every write, and lied to."""

from __future__ import annotations

import base64
import datetime
import json
import re

import pytest
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import get_api_client
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import info, issuer, wanted, x509
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError
from api_double import Cluster, Server, entry, made
from api_double import run as run_play
from test_oracle import LIES, Liar

OWNER = {"app.kubernetes.io/managed-by": "runtime_security.kubernetes"}
KEYS = {"certificate": "tls.crt", "key": "tls.key", "ca": "ca.crt"}
NOT_GIVEN = {"certificate": None, "key": None}
CA = {"name": "pki", "namespace": "falco", "common_name": "the CA", "validity_days": 3650, **NOT_GIVEN}


def leaf(name, namespace, *usage, names=()):
    return {
        "name": name,
        "secret": f"{name}-tls",
        "namespace": namespace,
        "usage": list(usage),
        "common_name": name,
        "subject_alt_names": list(names),
        "validity_days": 365,
        "keys": KEYS,
        **NOT_GIVEN,
    }


LEAVES = [
    leaf("server", "falco", "server", names=["DNS:server.falco.svc", "IP:10.0.0.1"]),
    leaf("client", "agents", "client"),
]
PARAMS = {"ca": CA, "certificates": LEAVES, "renew_before_days": 30, "renew": [], "phase": None, "owner": OWNER}


class Stop(Exception):
    """The run was killed."""


class Killed(Cluster):
    """Does so many changes, then breaks; whether the last one happened before is chosen."""

    left = None
    happens = True
    seen = lambda self: None  # noqa: E731

    def answer(self, method, path, words, body):
        if method == "GET" or self.left is None:
            return super().answer(method, path, words, body)
        self.left -= 1
        if self.left > 0 or (self.left == 0 and self.happens):
            answer = super().answer(method, path, words, body)
            self.seen()
            if self.left > 0:
                return answer
        return 500, {"kind": "Status", "status": "Failure", "reason": "InternalError", "code": 500}


@pytest.fixture
def at():
    """A client of a cluster on loopback."""
    servers = []

    def connect(cluster):
        servers.append(Server(cluster))
        return get_api_client(kubeconfig=servers[-1].kubeconfig())

    yield connect
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def cluster():
    return Killed()


@pytest.fixture
def run(at, cluster):
    """Runs the work with changed parameters."""
    client = at(cluster)

    def _run(check=False, **changes):
        params = {**PARAMS, **changes}
        return issuer.apply(client, wanted.wanted(params), OWNER, params["phase"], Mode(check, True))

    return _run


def data(cluster, namespace, name):
    found = cluster.objects["v1", namespace, "secrets", name].get("data", {})
    return {key: base64.b64decode(value) for key, value in found.items()}


def names(cluster):
    return {f"{place[1]}/{place[3]}" for place in cluster.objects}


def signed(cluster, name="server", namespace="falco", ca="pki"):
    certificate = x509.load_certificate(data(cluster, namespace, f"{name}-tls")["tls.crt"])
    return x509.is_signed_by(certificate, x509.load_certificate(data(cluster, "falco", ca)["ca.crt"]))


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
    assert again["certificates"]["server"]["fingerprint"] == done["certificates"]["server"]["fingerprint"]
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


def test_only_what_the_ca_signs_now_is_read(run, cluster, at):
    """While a variant is changed, the Secrets of both are there until the new pods are ready."""
    run(certificates=LEAVES[:1])
    run(certificates=LEAVES[1:])
    assert "falco/server-tls" in names(cluster)
    found = info.ends(Reader(at(cluster)), "falco", "pki")
    assert [(one["namespace"], one["secret"]) for one in found] == [("falco", "pki"), ("agents", "client-tls")]
    assert found[0]["not_after"] == run(certificates=LEAVES[1:])["ca"]["not_after"]
    assert info.ends(Reader(at(cluster)), "falco", "missing") == []


def test_dates_of_a_ca_that_was_given_are_those_of_the_first(run, cluster, at):
    key = x509.new_key()
    own = x509.issue(wanted.wanted(PARAMS).ca.subject, key)
    other = x509.issue(wanted.wanted(PARAMS).ca.subject, x509.new_key())
    pem = (x509.certificate_pem(own) + x509.certificate_pem(other)).decode()
    run(ca={**CA, "certificate": pem, "key": x509.key_pem(key).decode()})
    assert list(data(cluster, "falco", "pki")) == ["ca.crt"]
    assert [one["secret"] for one in info.ends(Reader(at(cluster)), "falco", "pki")] == [
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
def test_nothing_is_written_on_a_lie(at, lie, about):
    """A CA that is not seen would be made again, and its key would be lost."""
    cluster = Liar().lie(lambda honest: honest, lambda path: path.endswith(f"/secrets/{about}"))
    client = at(cluster)
    issuer.apply(client, wanted.wanted(PARAMS), OWNER, None, Mode())
    cluster.changes.clear()
    cluster.told = lie
    with pytest.raises(WorkError, match="not clear, and nothing was changed"):
        issuer.apply(client, wanted.wanted({**PARAMS, "renew": ["server"]}), OWNER, None, Mode())
    assert cluster.changes == []


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


def task(module, **arguments):
    connection = {"kubeconfig": "{{ runtime_security_kubeconfig | string }}"}
    return {f"runtime_security.kubernetes.{module}": {**connection, **arguments}, "register": "done"}


def without(given):
    """A task writes down no option that has no value."""
    return {key: value for key, value in given.items() if value is not None}


TASK = {"ca": without(CA), "certificates": [without(one) for one in LEAVES]}


def kept(path):
    """Writes down what the task before returned."""
    return {"ansible.builtin.copy": {"content": "{{ done | to_json }}", "dest": str(path)}, "check_mode": False}


@pytest.mark.parametrize("elsewhere", [False, True], ids=["in the worker", "as a module"])
def test_tasks_of_a_play(elsewhere, tmp_path):
    cluster = Cluster()
    keywords = {"environment": {"ELSEWHERE": "yes"}} if elsewhere else {}
    first = task("k8s_certificates", **TASK) | keywords
    read = task("k8s_certificates_info", name="pki", namespace="falco") | keywords
    done = run_play(cluster, [first, read, kept(tmp_path / "read")], "--diff")
    assert done.returncode == 0, done.stdout
    assert "PRIVATE" not in done.stdout and "the CA, serial" in done.stdout
    found = json.loads((tmp_path / "read").read_text())["certificates"]
    assert [one["secret"] for one in found] == ["pki", "client-tls", "server-tls"]
    # Each is valid from the second in which it was signed.
    longer = found[0]["not_after_seconds"] - found[1]["not_after_seconds"]
    assert abs(longer - (3650 - 365) * 86400) <= 5
    cluster.changes.clear()
    assert "changed=0" in run_play(cluster, [first]).stdout and cluster.changes == []


@pytest.mark.parametrize("module", ["k8s_certificates", "k8s_certificates_info"])
def test_check_mode_without_a_cluster(module, tmp_path):
    arguments = TASK if module == "k8s_certificates" else {"name": "pki", "namespace": "falco"}
    tasks = [task(module, **arguments | {"kubeconfig": "/nonexistent/kubeconfig"}), kept(tmp_path / "done")]
    done = run_play(Cluster(), tasks, "--check")
    assert done.returncode == 0, done.stdout
    assert json.loads((tmp_path / "done").read_text())["changed"] is (module == "k8s_certificates")
    assert run_play(Cluster(), tasks).returncode == 2


def falco(*names, **inputs):
    """Tasks of the role falco_ebpf."""
    connection = {"group/runtime_security.kubernetes.cluster": {"kubeconfig": "{{ runtime_security_kubeconfig }}"}}
    tasks = [entry("falco_ebpf", name) for name in names]
    return [{"block": tasks, "module_defaults": connection, "vars": inputs}]


@pytest.mark.parametrize(
    ("variant", "secrets"),
    [("current", ["falco-receiver-tls", "falco-client-tls"]), ("classic", ["falco-grpc-tls", "falco-exporter-certs"])],
)
def test_the_certificates_of_falco(variant, secrets):
    cluster = Cluster()
    for changed in ("changed=1", "changed=0"):
        done = run_play(cluster, falco("certificates", falco_ebpf_variant=variant))
        assert done.returncode == 0 and changed in done.stdout, done.stdout
    assert names(cluster) == {"falco/falco-ca", *(f"falco/{name}" for name in secrets)}
    assert list(data(cluster, "falco", secrets[0])) == ["ca.crt", "server.crt", "server.key"]
    assert list(data(cluster, "falco", secrets[1])) == ["ca.crt", "client.crt", "client.key"]
    done = run_play(cluster, falco("certificates", falco_ebpf_variant=variant, __falco_ebpf_renew=["server"]))
    assert f"falco/{secrets[0]}: its renewal was asked for" in done.stdout


def test_the_outputs_of_falco():
    before = made("Secret", "falco-receiver-outputs", {**OWNER, "app.kubernetes.io/part-of": "falco"}, "falco")
    cluster = Cluster(before | {"data": {"LOKI_HOSTPORT": "eA=="}})
    outputs = {"slack": {"webhookurl": "planted-word"}}
    show = {"ansible.builtin.debug": {"msg": "{{ __falco_ebpf_outputs_fingerprint }}"}}
    done = run_play(cluster, [*falco("outputs"), show], "--diff", falco_ebpf_outputs=outputs)
    assert done.returncode == 0, done.stdout
    assert "planted-word" not in done.stdout and re.search(r"\b[0-9a-f]{64}\b", done.stdout)
    # What is no longer set is removed.
    assert data(cluster, "falco", "falco-receiver-outputs") == {"SLACK_WEBHOOKURL": b"planted-word"}
