# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof's check of falcosidekick: which pod is asked, and whom it lets in."""

from __future__ import annotations

import contextlib
import threading
import time

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof import receiver
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.watch import NotSeen, NotYet, Watch
from tls_servers import SERVICE_NAME, answering, make_pki, silent_server, tls_server

READY = [{"type": "Ready", "status": "True"}]
POD = {
    "metadata": {"name": "receiver-1"},
    "spec": {"containers": [{"ports": [{"name": "http", "containerPort": 2801}]}]},
    "status": {"conditions": READY},
}
SERVICE = {"spec": {"selector": {"app": "receiver"}, "ports": [{"port": 2801, "targetPort": "http"}]}}


@pytest.fixture(scope="module")
def pki():
    return make_pki()


def ending(seconds):
    """A pod that was told to end and is still ready."""
    given = {"deletionTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": seconds}
    return {**POD, "metadata": {**POD["metadata"], **given}}


class FakeCluster:
    """Forwards to whatever a test serves; without a server the node says why."""

    def __init__(self, pki=None, pods=(POD,), secret=None, servers=0, server=tls_server):
        self.service = SERVICE
        self.pods = list(pods)
        self.pki = pki
        self.content = secret
        self.servers = servers
        self.server = server

    def get(self, kind, name, namespace=None):
        return self.service

    def find(self, kind, namespace, selector):
        assert selector == "app=receiver"
        return self.pods

    def secret(self, name, namespace):
        return self.content

    def forward(self, name, namespace, port):
        assert (name, port) == ("receiver-1", 2801)
        stack = contextlib.ExitStack()
        if self.servers:
            self.servers -= 1
            connection, reason = stack.enter_context(self.server(self.pki)), ""
        else:
            connection, reason = stack.enter_context(answering(b"")), "connection refused"
        return _Forward(stack, connection, reason)


class _Forward:
    def __init__(self, stack, connection, reason):
        self._stack = stack
        self._connection = connection
        self._reason = reason

    def socket(self):
        return self._connection

    def error(self):
        return self._reason

    def close(self):
        self._stack.close()


@pytest.mark.parametrize(
    "service, pods, error, words",
    [
        (None, [POD], NotYet, "no Service"),
        ({"spec": {"ports": [{"port": 80}]}}, [POD], NotSeen, "no port 2801"),
        (SERVICE, [], NotYet, "is ready"),
        (SERVICE, [{**POD, "status": {"conditions": [{"type": "Ready", "status": "False"}]}}], NotYet, "is ready"),
        (SERVICE, [ending(30)], NotYet, "is ready"),
        (SERVICE, [{**POD, "spec": {"containers": [{}]}}], NotSeen, "no port named 'http'"),
    ],
)
def test_no_way_to_the_receiver(service, pods, error, words):
    cluster = FakeCluster(pods=pods)
    cluster.service = service
    with pytest.raises(error, match=words):
        receiver.ready_pod(cluster, "falco", SERVICE_NAME, 2801)


def settle(cluster, watch):
    receiver.Receiver(cluster, "falco", SERVICE_NAME, 2801, "client").settle(watch)


def test_a_pod_that_was_replaced_is_waited_for(monkeypatch):
    monkeypatch.setattr(receiver, "_EVERY_SECONDS", 0.01)
    cluster = FakeCluster(pods=[POD, ending(30)])
    with pytest.raises(NotSeen, match="falco/receiver-1 was replaced and still ends"):
        settle(cluster, Watch(0.05))
    timer = threading.Timer(0.1, cluster.pods.pop)
    began = time.monotonic()
    timer.start()
    settle(cluster, Watch(5))
    assert time.monotonic() - began >= 0.1


def test_a_pod_that_a_lost_node_keeps_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(receiver, "_SLACK_SECONDS", 0)
    settle(FakeCluster(pods=[POD, ending(0)]), Watch(5))


def test_without_a_receiver_nothing_is_waited_for():
    cluster = FakeCluster()
    cluster.service = None
    settle(cluster, Watch(5))


def _files(pki):
    certificate, key = pki["client"].split(b"-----BEGIN PRIVATE KEY")
    return {"client.crt": certificate, "client.key": b"-----BEGIN PRIVATE KEY" + key, "ca.crt": pki["ca"].encode()}


def test_a_secret_with_other_keys_is_told():
    cluster = FakeCluster(secret={"tls.crt": b"x"})
    with pytest.raises(NotSeen, match="has no client.crt, client.key, ca.crt"):
        list(receiver.Receiver(cluster, "falco", SERVICE_NAME, 2801, "client").check(Watch(5)))


def test_receiver_that_lets_only_the_right_one_in(pki):
    cluster = FakeCluster(pki, secret=_files(pki), servers=3)
    checks = receiver.Receiver(cluster, "falco", SERVICE_NAME, 2801, "client").check(Watch(5))
    proof = [next(checks) for unused in range(3)]
    assert [entry["ok"] for entry in proof] == [True, True, True]
    assert proof[0]["name"] == "the receiver accepts Falco's client certificate"


def test_a_receiver_that_hangs_up_on_all_but_the_right_one_refuses_them(pki):
    cluster = FakeCluster(pki, secret=_files(pki), servers=9, server=silent_server)
    began = time.monotonic()
    proof = list(receiver.Receiver(cluster, "falco", SERVICE_NAME, 2801, "client").check(Watch(60)))
    assert [entry["ok"] for entry in proof] == [True] * 5
    assert all("before and after it Falco's client certificate is accepted" in entry["detail"] for entry in proof[1:])
    assert time.monotonic() - began < 20


def test_a_receiver_that_hangs_up_on_the_right_one_too_refuses_nobody(pki):
    cluster = FakeCluster(pki, secret=_files(pki), servers=2, server=silent_server)
    checks = receiver.Receiver(cluster, "falco", SERVICE_NAME, 2801, "client").check(Watch(1))
    proof = [next(checks), next(checks)]
    assert [entry["ok"] for entry in proof] == [True, False]
    assert "connection refused" in proof[1]["detail"]


def test_where_nobody_gets_in_a_refusal_proves_nothing(pki):
    cluster = FakeCluster(pki, secret=_files(pki))
    (entry,) = receiver.Receiver(cluster, "falco", SERVICE_NAME, 2801, "client").check(Watch(0.05))
    assert not entry["ok"]
    assert "connection refused" in entry["detail"]


def test_loki_is_asked_with_the_log_agents_certificate(pki):
    files = _files(pki)
    secret = {"tls.crt": files["client.crt"], "tls.key": files["client.key"], "ca.crt": files["ca.crt"]}
    cluster = FakeCluster(pki, secret=secret, servers=3)
    checks = receiver.Receiver(cluster, "falco", SERVICE_NAME, 2801, "client", receiver.LOKI).check(Watch(5))
    proof = [next(checks) for unused in range(3)]
    assert [(entry["name"], entry["ok"]) for entry in proof] == [
        ("Loki accepts the log agent's client certificate", True),
        ("Loki refuses a client without a certificate", True),
        ("Loki refuses a client certificate of another CA", True),
    ]
