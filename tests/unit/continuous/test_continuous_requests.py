# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to the API server, Loki and Prometheus, against doubles on loopback."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import ssl
import struct
import threading

import kubernetes_api
import prover
import pytest
import sources
import tls_servers
from kubernetes_api import Api, ApiError
from pods import Pods, definition, pod_name


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        server = self.server
        length = int(self.headers.get("Content-Length") or 0)
        server.asked.append((self.command, self.path, dict(self.headers), self.rfile.read(length)))
        status, content = server.answers.pop(0)
        if status == 101:
            self.send_response(101)
            self.end_headers()
            self.wfile.write(content)
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        # Closed without saying so, as the API server does with a connection that was idle.
        self.close_connection = server.closes

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, *_arguments):
        pass


@contextlib.contextmanager
def served(context=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.asked, server.answers, server.closes = [], [], False
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def api(tmp_path):
    """The server, and a client that trusts it."""
    ca = tls_servers.issue("ca")
    certificate, key = tls_servers.pem_of(*tls_servers.issue("kubernetes", ca))
    (tmp_path / "ca.crt").write_bytes(tls_servers.pem_of(*ca)[0])
    (tmp_path / "server.pem").write_bytes(certificate + key)
    (tmp_path / "token").write_text("first\n")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    with served(context) as server:
        client = Api("127.0.0.1", server.server_address[1], str(tmp_path))
        client.server, client.folder = server, tmp_path
        yield client
        client.close()


def message(channel, content):
    """A frame of a server: not masked."""
    content = bytes([channel]) + content
    head = b"\x82" + (bytes([len(content)]) if len(content) < 126 else b"\x7e" + struct.pack("!H", len(content)))
    return head + content


SUCCESS = message(3, b'{"status": "Success"}')


def test_one_connection_is_kept_and_the_token_is_read_each_time(api):
    api.server.answers += [(200, b'{"a": 1}'), (200, b"{}")]
    assert api.call("GET", "/one") == {"a": 1}
    (api.folder / "token").write_text("second")
    kept = api._connection
    api.call("POST", "/two", {"b": 2})
    assert api._connection is kept
    (_, _, first, _), (method, path, second, body) = api.server.asked
    assert (method, path, json.loads(body)) == ("POST", "/two", {"b": 2})
    assert (first["Authorization"], second["Authorization"]) == ("Bearer first", "Bearer second")


def test_a_connection_that_was_closed_is_opened_again(api):
    api.server.closes = True
    api.server.answers += [(200, b"{}"), (200, b'{"a": 1}')]
    api.call("GET", "/one")
    assert api.call("GET", "/two") == {"a": 1}


def test_a_refusal_says_why(api):
    api.server.answers += [(403, b'{"message": "pods is forbidden"}')]
    with pytest.raises(ApiError, match="GET /one: 403 pods is forbidden") as refused:
        api.call("GET", "/one")
    assert refused.value.status == 403


def test_another_server_gets_no_token(api, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / "ca.crt").write_bytes(tls_servers.pem_of(*tls_servers.issue("other"))[0])
    (other / "token").write_text("secret")
    stranger = Api("127.0.0.1", api.server.server_address[1], str(other))
    with pytest.raises(ApiError, match="CERTIFICATE_VERIFY_FAILED"):
        stranger.call("GET", "/one")
    assert api.server.asked == []


def test_a_command_on_a_terminal(api):
    long = b"x" * 300
    api.server.answers += [
        (101, b"\x89\x02hi" + message(1, b'{"a":') + message(1, long) + message(1, b"}\r\n") + SUCCESS)
    ]
    printed = api.run_on_terminal("continuous-proof", "proof-1", ["sh", "-c", "a b"])
    assert printed == '{"a":' + long.decode() + "}\r\n"
    path = (
        "/api/v1/namespaces/continuous-proof/pods/proof-1/exec?command=sh&command=-c&command=a+b&stdin=1&stdout=1&tty=1"
    )
    _, asked, headers, _ = api.server.asked[0]
    assert asked == path
    assert headers["Sec-WebSocket-Protocol"] == "v4.channel.k8s.io"
    # The API server refuses what a request for JSON would be.
    assert headers["Accept"] == "*/*"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ((101, message(1, b"no such file") + message(3, b'{"status": "Failure", "message": "exit code 1"}')), "exit code 1; it printed 'no such file'"),
        ((101, message(1, b"half")), "closed before it was over"),
        ((403, b'{"message": "not allowed"}'), "403 Forbidden .*not allowed"),
    ],
)  # fmt: skip
def test_a_command_that_fails(api, answer, text):
    api.server.answers.append(answer)
    with pytest.raises(ApiError, match=text):
        api.run_on_terminal("continuous-proof", "proof-1", ["sh"])


def test_a_frame_of_ours_is_masked():
    sent = kubernetes_api.frame(10, b"hi")
    mask = sent[2:6]
    assert sent[:2] == b"\x8a\x82"
    assert bytes(byte ^ mask[place % 4] for place, byte in enumerate(sent[6:])) == b"hi"


def test_a_pod_that_does_not_start_says_why(api, monkeypatch):
    monkeypatch.setattr("pods._START_SECONDS", 0)
    waiting = {"state": {"waiting": {"reason": "ImagePullBackOff", "message": "not found"}}}
    status = {"status": {"phase": "Pending", "containerStatuses": [waiting]}}
    api.server.answers += [(404, b"{}"), (201, b"{}"), (200, json.dumps(status).encode())]
    with pytest.raises(ApiError, match="on node one: ImagePullBackOff not found"):
        Pods(api, "continuous-proof", "python:3", "programs", "falco").start("one", "proof-1", ["Write below etc"], 60)


def test_a_pod_is_restricted():
    pod = definition("one", "proof-1", ["Write below etc"], "python:3", "programs", 60, "falco")
    spec, container = pod["spec"], pod["spec"]["containers"][0]
    assert spec["nodeName"] == "one"
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert "privileged" not in json.dumps(pod)
    assert "hostPath" not in json.dumps(pod)
    assert pod["metadata"]["name"] == pod_name("one") != pod_name("two")


def test_all_pods_of_the_proof_are_removed_by_their_labels(api):
    api.server.answers += [(200, b"{}")]
    Pods(api, "continuous-proof", "python:3", "programs", "falco").remove_all()
    method, path, _, _ = api.server.asked[0]
    assert method == "DELETE"
    assert "app.kubernetes.io%2Fname%3Dcontinuous-proof-trigger" in path


def test_loki_is_asked_for_lines_of_a_tenant():
    with served() as server:
        result = [{"stream": {}, "values": [["1", "a"], ["2", "b"]]}, {"stream": {}, "values": [["3", "c"]]}]
        server.answers += [(200, json.dumps({"data": {"result": result}}).encode())]
        loki = sources.Loki(f"http://127.0.0.1:{server.server_address[1]}/", "team")
        assert loki.lines('{a="b"}', 1000) == ["a", "b", "c"]
        _, path, headers, _ = server.asked[0]
        assert path.startswith("/loki/api/v1/query_range?query=%7Ba%3D%22b%22%7D&start=940000000000&")
        assert headers["X-Scope-Orgid"] == "team"


def tls_secret(ca, name="prover"):
    """Data of a TLS Secret with a client's certificate."""
    certificate, key = tls_servers.pem_of(*tls_servers.issue(name, ca))
    data = {"ca.crt": tls_servers.pem_of(*ca)[0], "tls.crt": certificate, "tls.key": key}
    return {key: base64.b64encode(content).decode() for key, content in data.items()}


@pytest.fixture
def mutual(tmp_path):
    """A server that asks for a certificate and answers as Loki and as Prometheus: its address, and its CA."""
    ca = tls_servers.issue("ca")
    (tmp_path / "server.pem").write_bytes(b"".join(tls_servers.pem_of(*tls_servers.issue("loki", ca))))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    context.load_verify_locations(cadata=tls_servers.pem_of(*ca)[0].decode())
    context.verify_mode = ssl.CERT_REQUIRED
    with served(context) as server:
        result = [{"stream": {}, "values": [["1", "a"]], "metric": {"rule": "a"}, "value": [1, "3"]}]
        server.answers += [(200, json.dumps({"data": {"result": result}}).encode())] * 2
        yield f"https://127.0.0.1:{server.server_address[1]}", ca


def test_loki_is_shown_the_certificate_of_the_secret(mutual):
    url, ca = mutual
    reads = []

    def secret():
        reads.append(1)
        return tls_secret(ca)

    loki = sources.Loki(url, secret=secret)
    assert [loki.lines("{}", 1000) for _question in range(2)] == [["a"], ["a"]]
    assert len(reads) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data, other: other, "SSLError|CERTIFICATE_VERIFY_FAILED|URLError"),
        (lambda data, other: data | {"ca.crt": other["ca.crt"]}, "CERTIFICATE_VERIFY_FAILED"),
        (lambda data, other: data | {"tls.key": other["tls.key"]}, "client certificate: SSLError"),
        (lambda data, other: {}, "client certificate: KeyError: 'ca.crt'"),
        (lambda data, other: data | {"tls.crt": "bm8="}, "client certificate: SSLError"),
    ],
    ids=["of another CA", "another CA is trusted", "another key", "no certificate", "no PEM"],
)
def test_a_certificate_that_does_not_work_is_no_answer_of_loki(mutual, change, said):
    url, ca = mutual
    data = change(tls_secret(ca), tls_secret(tls_servers.issue("other")))
    with pytest.raises(sources.NoAnswer, match=said) as refused:
        sources.Loki(url, secret=lambda: data).lines("{}", 1000)
    assert "PRIVATE" not in str(refused.value)


@pytest.mark.parametrize("failing", [False, True], ids=["of another CA", "not readable"])
def test_a_certificate_that_was_replaced_is_read_again_after_a_while(mutual, monkeypatch, failing):
    url, ca = mutual
    other = tls_secret(tls_servers.issue("other"))
    reads, now = [], [1000.0]
    monkeypatch.setattr(sources.time, "monotonic", lambda: now[0])

    def secret():
        reads.append(1)
        if len(reads) == 1 and failing:
            raise ApiError("GET /api/v1/namespaces/monitoring/secrets/loki-prover-tls: 403 forbidden", 403)
        return other if len(reads) == 1 else tls_secret(ca)

    loki = sources.Loki(url, secret=secret)
    for _question in range(3):
        with pytest.raises(sources.NoAnswer, match="403 forbidden" if failing else url):
            loki.lines("{}", 1000)
    assert len(reads) == 1
    now[0] += sources.REREAD_SECONDS
    assert loki.lines("{}", 1000) == ["a"]


def test_the_secret_is_read_at_the_api_server(api):
    api.server.answers += [(200, json.dumps({"data": {"tls.crt": "eA=="}}).encode())]
    assert prover.reader(api, "monitoring/loki-prover-tls")() == {"tls.crt": "eA=="}
    assert api.server.asked[0][:2] == ("GET", "/api/v1/namespaces/monitoring/secrets/loki-prover-tls")
    assert prover.reader(api, "") is None


def test_prometheus_is_shown_the_certificate_of_the_secret(mutual):
    url, ca = mutual
    assert sources.Prometheus(url, lambda: tls_secret(ca)).values("up") == [({"rule": "a"}, 3.0)]
    with pytest.raises(sources.NoAnswer, match=url):
        sources.Prometheus(url, lambda: tls_secret(tls_servers.issue("other"))).values("up")


def test_prometheus_is_asked_for_values():
    with served() as server:
        result = [{"metric": {"rule": "a"}, "value": [1, "3"]}]
        server.answers += [(200, json.dumps({"data": {"result": result}}).encode())]
        assert sources.Prometheus(f"http://127.0.0.1:{server.server_address[1]}").values("up") == [({"rule": "a"}, 3.0)]


@pytest.mark.parametrize("answer", [(500, b"{}"), (302, b""), (200, b"no JSON"), (200, b"[]"), (200, b"{}")])
def test_what_is_no_answer(answer):
    with served() as server:
        server.answers.append(answer)
        with pytest.raises(sources.NoAnswer, match="^http://127.0.0.1"):
            sources.Prometheus(f"http://127.0.0.1:{server.server_address[1]}").values("up")


def test_nobody_answers():
    with served() as server:
        port = server.server_address[1]
    with pytest.raises(sources.NoAnswer, match="Connection refused"):
        sources.Prometheus(f"http://127.0.0.1:{port}").values("up")
