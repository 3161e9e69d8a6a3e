# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
import time

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof import receiver, tls
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.watch import NotSeen, NotYet, Watch
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SERVICE_NAME = "falco-falcosidekick"
NAME = f"{SERVICE_NAME}.falco.svc"


def _pem(certificate, key):
    return certificate.public_bytes(serialization.Encoding.PEM), key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _issue(name, ca=None):
    """A CA, or a certificate of one."""
    now = datetime.datetime.now(datetime.timezone.utc)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer, signing_key = (ca[0].subject, ca[1]) if ca else (subject, key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if ca:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca[1].public_key())
        names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        builder = builder.add_extension(identifier, critical=False).add_extension(names, critical=False)
    else:
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(x509.BasicConstraints(True, None), critical=True)
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(signing_key, hashes.SHA256()), key


@pytest.fixture(scope="module")
def pki():
    ca = _issue("ca")
    return {"ca": _pem(*ca)[0].decode(), "server": _issue(NAME, ca), "client": b"".join(_pem(*_issue("falco", ca)))}


def _server_context(pki, version, protocol):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tls._memory_file(b"".join(_pem(*pki["server"]))) as path:
        context.load_cert_chain(path)
    context.load_verify_locations(cadata=pki["ca"])
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_alpn_protocols([protocol])
    if version:
        context.maximum_version = version
    return context


@contextlib.contextmanager
def _listening(serve):
    """A connection to a server that handles one client."""
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=lambda: serve(listener.accept()[0]), daemon=True)
    thread.start()
    with socket.create_connection(listener.getsockname()) as connection:
        yield connection
    thread.join(5)
    listener.close()


def _server(pki, version=None, protocol="http/1.1"):
    """A server that wants a client certificate; it answers 405 as the receiver does to a GET, or as gRPC does."""
    context = _server_context(pki, version, protocol)

    def serve(connection):
        with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as session:
            if protocol == "h2":
                session.sendall(bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
                assert session.recv(4096).startswith(b"PRI * HTTP/2.0")
                return
            session.recv(4096)
            session.sendall(b"HTTP/1.1 405 Method Not Allowed\r\n\r\n")

    return _listening(serve)


def _silent_server(pki, version=None):
    """As the gRPC server of Falco: it keeps the alert to itself and closes the connection."""
    context = _server_context(pki, version, "h2")

    def serve(connection):
        read, write = ssl.MemoryBIO(), ssl.MemoryBIO()
        session = context.wrap_bio(read, write, server_side=True)
        with connection, contextlib.suppress(ssl.SSLError, OSError):
            while True:
                try:
                    session.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    connection.sendall(write.read())
                    read.write(connection.recv(4096) or b"nothing")
            session.write(bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
            connection.sendall(write.read())
            while connection.recv(4096):
                pass

    return _listening(serve)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_right_certificate_gets_in(pki, version):
    with _server(pki, version) as connection:
        reply = tls.tls_http(connection, tls.client_context(pki["ca"], pki["client"]), NAME)
    assert reply == ("answered", f"{version.name.replace('_', '.')}, HTTP/1.1 405 Method Not Allowed")


def test_a_server_that_speaks_grpc_answers_with_its_settings(pki):
    with _server(pki, protocol="h2") as connection:
        reply = tls.tls_http(connection, tls.client_context(pki["ca"], pki["client"]), NAME)
    assert reply == ("answered", "TLSv1.3, HTTP/2")
    with _server(pki, protocol="h2") as connection:
        reply = tls.tls_http(connection, tls.client_context(pki["ca"], None), NAME)
    assert reply.verdict == "refused"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("certificate", [lambda: None, tls.foreign_certificate])
def test_no_certificate_and_a_foreign_one_are_refused(pki, version, certificate):
    with _server(pki, version) as connection:
        reply = tls.tls_http(connection, tls.client_context(pki["ca"], certificate()), NAME)
    assert reply.verdict == "refused"
    assert "ALERT" in reply.text


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("certificate", [lambda: None, tls.foreign_certificate])
def test_a_server_that_hangs_up_leaves_open_whether_it_refuses(pki, version, certificate):
    with _silent_server(pki, version) as connection:
        reply = tls.tls_http(connection, tls.client_context(pki["ca"], certificate()), NAME)
    assert reply.verdict == "closed"
    assert reply.text.endswith("connection closed without an answer")


@pytest.mark.parametrize("ask", [lambda connection: tls.tls_1_1(connection, NAME), tls.plain_http])
def test_a_server_that_hangs_up_on_other_clients_than_tls_ones(pki, ask):
    with _silent_server(pki) as connection:
        assert ask(connection).verdict == "closed"


def test_a_server_of_another_ca_is_no_refusal(pki):
    other = _pem(*_issue("other"))[0].decode()
    with _server(pki) as connection:
        reply = tls.tls_http(connection, tls.client_context(other, None), NAME)
    assert reply.verdict == "unreachable"
    assert "not trusted" in reply.text


def test_tls_1_1_is_refused_by_a_real_server(pki):
    with _server(pki) as connection:
        assert tls.tls_1_1(connection, NAME) == ("refused", "alert protocol_version")


@contextlib.contextmanager
def _answering(content):
    """A connection whose other end has sent this and closed."""
    ours, theirs = socket.socketpair()
    theirs.sendall(content)
    theirs.shutdown(socket.SHUT_WR)
    with ours, theirs:
        yield ours


@pytest.mark.parametrize(
    "content, verdict",
    [
        (b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n", "refused"),
        (b"\x15\x03\x03\x00\x02\x02\x28", "refused"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "answered"),
        (b"HTTP/1.1 405 Method Not Allowed\r\n\r\n", "answered"),
        (b"", "closed"),
    ],
)
def test_plain_http(content, verdict):
    with _answering(content) as connection:
        assert tls.plain_http(connection).verdict == verdict


@pytest.mark.parametrize(
    "content, verdict",
    [
        (b"\x15\x03\x01\x00\x02\x02\x46", "refused"),
        (b"\x16\x03\x02\x00\x31\x02", "answered"),
        (b"", "closed"),
    ],
)
def test_tls_1_1(content, verdict):
    with _answering(content) as connection:
        assert tls.tls_1_1(connection, NAME).verdict == verdict


def test_the_hello_is_one_whole_record():
    hello = tls.client_hello_1_1(NAME)
    assert hello[:3] == b"\x16\x03\x01"
    assert int.from_bytes(hello[3:5], "big") == len(hello) - 5
    assert int.from_bytes(hello[6:9], "big") == len(hello) - 9
    assert hello[9:11] == b"\x03\x02"
    assert NAME.encode() in hello


READY = [{"type": "Ready", "status": "True"}]
POD = {
    "metadata": {"name": "receiver-1"},
    "spec": {"containers": [{"ports": [{"name": "http", "containerPort": 2801}]}]},
    "status": {"conditions": READY},
}
SERVICE = {"spec": {"selector": {"app": "receiver"}, "ports": [{"port": 2801, "targetPort": "http"}]}}


def ending(seconds):
    """A pod that was told to end and is still ready."""
    given = {"deletionTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": seconds}
    return {**POD, "metadata": {**POD["metadata"], **given}}


class FakeCluster:
    """Forwards to whatever a test serves; without a server the node says why."""

    def __init__(self, pki=None, pods=(POD,), secret=None, servers=0, server=_server):
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
            connection, reason = stack.enter_context(_answering(b"")), "connection refused"
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
    timer.start()
    began = time.monotonic()
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
    cluster = FakeCluster(pki, secret=_files(pki), servers=9, server=_silent_server)
    began = time.monotonic()
    proof = list(receiver.Receiver(cluster, "falco", SERVICE_NAME, 2801, "client").check(Watch(60)))
    assert [entry["ok"] for entry in proof] == [True] * 5
    assert all("before and after it Falco's client certificate is accepted" in entry["detail"] for entry in proof[1:])
    assert time.monotonic() - began < 20


def test_a_receiver_that_hangs_up_on_the_right_one_too_refuses_nobody(pki):
    cluster = FakeCluster(pki, secret=_files(pki), servers=2, server=_silent_server)
    checks = receiver.Receiver(cluster, "falco", SERVICE_NAME, 2801, "client").check(Watch(1))
    proof = [next(checks), next(checks)]
    assert [entry["ok"] for entry in proof] == [True, False]
    assert "connection refused" in proof[1]["detail"]


def test_where_nobody_gets_in_a_refusal_proves_nothing(pki):
    cluster = FakeCluster(pki, secret=_files(pki))
    (entry,) = receiver.Receiver(cluster, "falco", SERVICE_NAME, 2801, "client").check(Watch(0.05))
    assert not entry["ok"]
    assert "connection refused" in entry["detail"]
