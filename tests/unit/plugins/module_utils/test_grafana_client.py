# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the client says when a request fails, over real HTTP; the answers are Grafana's own words."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import tls_servers
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_client
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_trust import Trust

SECRET = "s3cret-pw"


def _params(url, **more):
    return {
        "url": url,
        "url_username": "admin",
        "url_password": SECRET,
        "grafana_api_key": None,
        "use_proxy": False,
        "validate_certs": True,
        "client_cert": None,
        "client_key": None,
        "ca_path": None,
        "timeout": 5,
        **more,
    }


@contextlib.contextmanager
def _answering(status, body, tls=None, **headers):
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append((self.path, self.headers["Authorization"]))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *args):
            """Keep the test's output clean."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """One file with a key and a self-signed certificate for 127.0.0.1."""
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", *name]
    subprocess.run([*made, "-keyout", file, "-out", f"{file}.crt"], check=True, capture_output=True)
    file.write_text(file.read_text() + Path(f"{file}.crt").read_text())
    return str(file)


def _failure(status, body, **more):
    with _answering(status, body) as (url, _seen), pytest.raises(grafana_client.GrafanaError) as failure:
        grafana_client.Grafana(_params(url, **more)).request("POST", "/api/x", {"secret": SECRET})
    assert SECRET not in str(failure.value)
    return failure.value


def test_paths_are_quoted():
    assert grafana_client.path("folders", "a/../b c") == "/api/folders/a%2F..%2Fb%20c"
    assert grafana_client.path("search", limit=1, tag="a&b") == "/api/search?limit=1&tag=a%26b"


def test_a_wrong_password_names_user_and_url_once():
    error = _failure(401, b'{"message":"invalid username or password"}')
    assert error.status == 401
    assert "refused user 'admin' with this password: invalid username or password" in str(error)


def test_a_wrong_key_is_called_so():
    assert "refused the token" in str(_failure(401, b"{}", grafana_api_key="key"))


def test_a_refusal_names_request_and_grafanas_words():
    error = _failure(412, b'{"message":"The dashboard has been changed by someone else"}')
    assert error.status == 412
    assert str(error).endswith("/api/x: HTTP 412: The dashboard has been changed by someone else")
    assert str(error).startswith("POST http://127.0.0.1:")


def test_a_refused_query_is_explained():
    error = _failure(400, b'{"results":{"A":{"error":"parse error at line 1","status":400},"B":{}}}')
    assert str(error).endswith("HTTP 400: parse error at line 1")


def test_a_refusal_without_words_gives_the_reason():
    assert str(_failure(502, b"<html>")).endswith("HTTP 502: Bad Gateway")


def test_an_answer_of_something_else_is_recognised():
    assert "the answer is not JSON" in str(_failure(200, b"<html>"))


def test_nobody_there():
    grafana = grafana_client.Grafana(_params("http://127.0.0.1:9/"))
    with pytest.raises(grafana_client.GrafanaError, match="no answer from Grafana") as failure:
        grafana.request("GET", "/api/health")
    assert failure.value.status is None


def test_a_redirect_is_not_followed_but_named():
    # As an ingress does that wants https: followed, a POST would become a GET and seem to succeed.
    with (
        _answering(301, b"", Location="https://grafana.example.org/api/x") as (url, seen),
        pytest.raises(grafana_client.GrafanaError) as failure,
    ):
        grafana_client.Grafana(_params(url)).request("POST", "/api/x", {})
    assert "is redirected to https://grafana.example.org/api/x. Set url to" in str(failure.value)
    assert len(seen) == 1


def test_an_address_of_another_kind():
    with pytest.raises(grafana_client.GrafanaError, match="unknown url type: ftp"):
        grafana_client.Grafana(_params("ftp://grafana")).request("GET", "/api/x")


def test_a_server_with_tls_is_checked_against_the_given_ca(certificates):
    with _answering(200, b"[]", tls=certificates) as (url, _seen):
        with pytest.raises(grafana_client.GrafanaError, match="certificate verify failed"):
            grafana_client.Grafana(_params(url)).request("GET", "/api/x")
        for more in ({"ca_path": certificates}, {"validate_certs": False}):
            assert grafana_client.Grafana(_params(url, **more)).request("GET", "/api/x") == []


@pytest.fixture
def by_name(tmp_path):
    """A file with a key and a certificate for a Service's name, and the CA that signed it, in PEM."""
    ca = tls_servers.issue("ca")
    (tmp_path / "both.pem").write_bytes(b"".join(tls_servers.pem_of(*tls_servers.issue(tls_servers.NAME, ca))))
    return str(tmp_path / "both.pem"), tls_servers.pem_of(*ca)[0].decode()


def test_a_server_is_trusted_by_the_name_of_its_service(by_name):
    both, ca = by_name
    other = tls_servers.pem_of(*tls_servers.issue("ca"))[0].decode()
    with _answering(200, b"[]", tls=both) as (url, _seen):
        for trust, said in (
            (Trust(ca, "grafana.elsewhere.svc"), "Hostname mismatch"),
            (Trust(other, tls_servers.NAME), "certificate verify failed"),
        ):
            with pytest.raises(grafana_client.GrafanaError, match=said):
                grafana_client.Grafana(_params(url, trust=trust)).request("GET", "/api/x")
        # Not by the address through which it was reached.
        local = url.replace("127.0.0.1", "localhost")
        trusted = Trust(ca, tls_servers.NAME)
        assert grafana_client.Grafana(_params(local, trust=trusted)).request("GET", "/api/x") == []


def test_what_may_be_absent_is_none():
    with _answering(404, b'{"message":"Not found"}') as (url, _seen):
        assert grafana_client.Grafana(_params(url)).request("GET", "/api/x", absent=(404,)) is None


def test_credentials_are_sent_as_declared():
    with _answering(200, b"[]") as (url, seen):
        assert grafana_client.Grafana(_params(url + "/")).request("GET", "/api/x") == []
        assert grafana_client.Grafana(_params(url, grafana_api_key="key")).request("GET", "/api/x") == []
    assert [path for path, _header in seen] == ["/api/x", "/api/x"]
    assert seen[0][1].startswith("Basic ")
    assert seen[1][1] == "Bearer key"


@pytest.fixture
def late_server():
    """An address on which somebody listens only a second after the test has begun."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.command)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"[]")

        def log_message(self, *args):
            """Keep the test's output clean."""

    def serve():
        time.sleep(1)
        with HTTPServer(("127.0.0.1", port), Handler) as server:
            server.timeout = 5
            server.handle_request()

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{port}", asked
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 2):
        pass
    thread.join()


def test_a_question_waits_for_a_grafana_whose_pod_is_replaced(late_server):
    url, asked = late_server
    assert grafana_client.Grafana(_params(url), patience=10).request("GET", "/api/search") == []
    assert asked == ["GET"]


@pytest.mark.parametrize(("method", "patience"), [("GET", 0), ("POST", 10)])
def test_nothing_else_is_sent_again(late_server, method, patience):
    url, asked = late_server
    with pytest.raises(grafana_client.GrafanaError, match="Connection refused"):
        grafana_client.Grafana(_params(url), patience).request(method, "/api/search", {})
    assert asked == []
