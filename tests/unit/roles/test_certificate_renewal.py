# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pod that renews certificates, against an API server that keeps objects."""

from __future__ import annotations

import base64
import datetime
import http.client
import json
import time

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import issuer, wanted, x509
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewal import objects, work
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer import main, metrics
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.api import Api
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.lock import (
    Busy,
    LeasePlace,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.rounds import Round
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.secret_store import (
    SecretStore,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.settings import loaded
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock.lock import Record, now
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError
from certificate_secrets import CA, LEAVES, OWNER, Killed, data, names, signed
from objects_double import made

WORKLOADS = [
    {
        "kind": "Deployment",
        "namespace": "falco",
        "name": "receiver",
        "annotations": {"a/b": "server"},
        "shown": {},
        "trusted": {},
    },
    {
        "kind": "DaemonSet",
        "namespace": "agents",
        "name": "agent",
        "annotations": {"a/b": "client"},
        "shown": {},
        "trusted": {},
    },
    {
        "kind": "StatefulSet",
        "namespace": "falco",
        "name": "reader",
        "annotations": {},
        "shown": {"a/s": "client"},
        "trusted": {"a/t": "server"},
    },
]
PARAMS = {
    "name": "certificate-renewal-falco",
    "namespace": "falco",
    "state": "present",
    "sign": True,
    "image": "python",
    "interval": 60,
    "ca": CA,
    "certificates": LEAVES,
    "renew_before_days": 30,
    "owner": OWNER,
    "workloads": WORKLOADS,
    "servers": [],
    "data_sources": [],
    "grafana": None,
    "timeout": 2,
    "network_policy": True,
    "metrics_namespace": "monitoring",
    "monitor_labels": None,
    "lock_namespace": "default",
    "namespaces": [],
}


def settings(**changes):
    """As the pod reads them."""
    written = objects.config(work.settled({**PARAMS, **changes}))
    return loaded(json.loads(written["settings.json"]))


def rolled_out(kind, namespace, name):
    status = {"observedGeneration": 9, "updatedReplicas": 1, "availableReplicas": 1, "replicas": 1}
    found = made(kind, name, {}, namespace=namespace)
    return {**found, "spec": {"replicas": 1, "template": {}}, "status": status}


@pytest.fixture(name="cluster")
def cluster_with_workloads():
    return Killed(*(rolled_out(one["kind"], one["namespace"], one["name"]) for one in WORKLOADS))


@pytest.fixture(name="api")
def api_of_the_pod(serve, cluster, tmp_path, monkeypatch):
    (tmp_path / "token").write_text("token", encoding="utf-8")
    monkeypatch.setattr(
        "ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.workloads._EVERY_SECONDS",
        0.01,
    )
    port = serve(cluster).server_port
    monkeypatch.setattr(
        http.client, "HTTPSConnection", lambda host, port, timeout, context: http.client.HTTPConnection(host, port)
    )
    return Api("127.0.0.1", port, str(tmp_path), tls=object())


@pytest.fixture(name="run")
def run_a_round(api):
    lines = []

    def run(**changes):
        return Round(api, settings(**changes), lines.append).run()

    run.lines = lines
    return run


def issue(api, **changes):
    """What a run of the role writes."""
    params = {**PARAMS, "renew": [], **changes}
    return issuer.apply(SecretStore(api, OWNER), wanted.wanted(params), None, Mode())


def annotations(cluster):
    kinds = {"Deployment": "deployments", "DaemonSet": "daemonsets", "StatefulSet": "statefulsets"}
    found = [cluster.objects["apps/v1", one["namespace"], kinds[one["kind"]], one["name"]] for one in WORKLOADS]
    return [one["spec"]["template"].get("metadata", {}).get("annotations", {}) for one in found]


def is_current(cluster, api):
    """Whether the pods have what the module would give them."""
    now = issuer.apply(SecretStore(api, OWNER), wanted.wanted({**PARAMS, "renew": []}), None, Mode(check=True))
    server, client = now["certificates"]["server"], now["certificates"]["client"]
    expected = [
        {"a/b": server["fingerprint"]},
        {"a/b": client["fingerprint"]},
        {"a/s": client["certificate_fingerprint"], "a/t": server["trust_fingerprint"]},
    ]
    return not now["changed"] and not now["phases"] and annotations(cluster) == expected


def test_nothing_happens_where_nothing_has_to(cluster, api, run):
    issue(api)
    run()
    cluster.changes.clear(), cluster.leases.clear()
    assert run() is False
    assert (cluster.changes, cluster.leases) == ([], [])


def test_what_ends_soon_is_renewed_and_its_pods_start_again(cluster, api, run):
    issue(api)
    run()
    pods = annotations(cluster)
    shorten(cluster, "agents", "client-tls", "tls")
    before = data(cluster, "agents", "client-tls")["tls.crt"]
    cluster.changes.clear()
    assert run() is True
    assert data(cluster, "agents", "client-tls")["tls.crt"] != before and signed(cluster, "client", "agents")
    # Not the receiver's: its Secret did not change.
    assert [new != old for new, old in zip(annotations(cluster), pods)] == [False, True, True]
    assert cluster.changes == ["PUT secrets/client-tls", "PATCH daemonsets/agent", "PATCH statefulsets/reader"]
    assert run.lines[-3:] == [
        "agents/client-tls: 1 days are left, renewal begins at 30; its lifetime is 1 days, expected are 365",
        "DaemonSet agents/agent: its pods start with other certificates",
        "StatefulSet falco/reader: its pods start with other certificates",
    ]


def test_the_lock_is_held_meanwhile_and_released(cluster, api, run):
    issue(api)
    run()
    assert cluster.leases[0].startswith("POST leases") and cluster.leases[-1] == "DELETE leases/runtime-security"


def test_a_run_of_a_playbook_is_waited_for(cluster, api, run):
    issue(api)
    record = Record(holder="somebody", user="ann", host="build-1", since=now(), renewed=now())
    LeasePlace(api, "default").write(record, None)
    cluster.changes.clear()
    with pytest.raises(Busy, match="ann on build-1"):
        run()
    assert cluster.changes == []


def test_a_lock_that_nobody_renews_is_taken_over(cluster, api, run, monkeypatch):
    issue(api)
    old = "2026-01-01T00:00:00.000001Z"
    LeasePlace(api, "default").write(Record(holder="dead", since=old, renewed=old, seconds=1), None)
    monkeypatch.setattr(
        "ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.lock._EVERY_SECONDS",
        0.2,
    )
    assert run() is True
    assert is_current(cluster, api)


# More than the changes of a whole change of the CA.
@pytest.mark.parametrize("happens", [True, False])
@pytest.mark.parametrize("left", range(1, 26, 2))
def test_a_change_of_the_ca_is_continued_from_any_moment(cluster, api, run, left, happens):
    """The next round goes on, and ends in one CA, which all trust."""
    issue(api)
    run()
    shorten(cluster, "falco", "pki", "ca")
    before = data(cluster, "falco", "pki")["ca.crt"]
    cluster.left, cluster.happens = left, happens
    for _round in range(2):
        try:
            run()
        except WorkError:
            cluster.left = None
    assert run() is False
    assert data(cluster, "falco", "pki")["ca.crt"] != before
    assert names(cluster) & {"falco/pki-next", "falco/pki-previous"} == set()
    assert signed(cluster) and signed(cluster, "client", "agents")
    assert is_current(cluster, api)


def shorten(cluster, namespace, name, entry):
    """Put a certificate that ends in a day in the place of the one in a Secret, of the same key and CA."""
    ca, own = data(cluster, "falco", "pki"), data(cluster, namespace, name)
    key, found = x509.load_key(own[f"{entry}.key"]), x509.load_certificate(own[f"{entry}.crt"])
    subject = x509.Subject(x509.common_name(found), datetime.timedelta(days=1), () if entry == "ca" else ("client",))
    issuer_of = (None, None) if entry == "ca" else (x509.load_certificate(ca["ca.crt"]), x509.load_key(ca["ca.key"]))
    short = x509.certificate_pem(x509.issue(subject, key, *issuer_of))
    cluster.objects["v1", namespace, "secrets", name]["data"][f"{entry}.crt"] = base64.b64encode(short).decode()


def test_who_only_follows_writes_no_secret(cluster, api, run):
    given = {**CA, "certificate": "PEM", "key": None}
    issue(api)
    before = {place: found for place, found in cluster.objects.items() if place[2] == "secrets"}
    assert run(ca=given) is True
    assert {place: found for place, found in cluster.objects.items() if place[2] == "secrets"} == before
    assert is_current(cluster, api)


def test_a_workload_that_does_not_exist_is_an_error(cluster, api, run):
    issue(api)
    del cluster.objects["apps/v1", "agents", "daemonsets", "agent"]
    with pytest.raises(WorkError, match="DaemonSet agents/agent: it does not exist"):
        run()
    assert annotations_of(cluster, "deployments", "receiver") == {}


def annotations_of(cluster, kinds, name):
    return cluster.objects["apps/v1", "falco", kinds, name]["spec"]["template"].get("metadata", {})


def test_a_rollout_that_does_not_end_is_an_error(cluster, api, run):
    issue(api)
    cluster.objects["apps/v1", "agents", "daemonsets", "agent"]["status"] = {"desiredNumberScheduled": 2}
    with pytest.raises(WorkError, match=r"DaemonSet agents/agent: it is not rolled out after 2 s"):
        run()
    assert cluster.leases[-1].startswith("DELETE")


def test_a_secret_of_somebody_else_is_left_alone(cluster, api, run):
    issue(api)
    cluster.objects["v1", "falco", "secrets", "server-tls"]["metadata"]["labels"] = {}
    cluster.changes.clear()
    with pytest.raises(WorkError, match="falco/server-tls: it is not managed by this collection"):
        run()
    assert cluster.changes == []


def test_the_metrics_have_each_end(cluster, api):
    issue(api)
    ends, rounds = metrics.Ends(settings()), metrics.Rounds()
    assert main.one_round(api, settings(), ends, rounds) is True
    page = "\n".join([*ends.lines(), *rounds.lines()])
    for secret in ("pki", "server-tls", "client-tls"):
        assert f'not_after_timestamp_seconds{{certificate="{secret}",source="secret"}}' in page
    assert "renewal_failed 0" in page
    last = float(page.rpartition(" ")[2])
    assert abs(last - time.time()) < 30
    del cluster.objects["apps/v1", "agents", "daemonsets", "agent"]
    assert main.one_round(api, settings(), ends, rounds) is False
    assert "renewal_failed 1" in "\n".join(rounds.lines())
