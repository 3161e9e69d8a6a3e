# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The password is set only where Grafana itself says that it is wrong."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_admin_password import refused
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import Grafana, GrafanaError

PAGE = b"<!doctype html><title>Sign in</title>"


@pytest.fixture
def answering():
    """Starts a server with one answer for everything, and returns a client of it."""
    servers = []

    def start(status, body):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments):
                """Keep the test's output clean."""

        server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        unused = dict.fromkeys(("grafana_api_key", "client_cert", "client_key", "ca_path"))
        url = f"http://127.0.0.1:{server.server_port}"
        options = {
            "url": url,
            "url_username": "admin",
            "url_password": "word",
            "use_proxy": False,
            "validate_certs": True,
        }
        return Grafana({**unused, **options, "timeout": 5})

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("words", [b"invalid username or password", b"Invalid username or password"])
def test_grafanas_own_words(answering, words):
    assert refused(answering(401, b'{"message":"%s","traceID":""}' % words))


def test_a_password_that_works(answering):
    assert not refused(answering(200, b'{"id":1,"name":"Main Org."}'))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, PAGE),
        (401, b'{"message":"Unauthorized"}'),
        (401, b""),
        (200, PAGE),
        (200, b"null"),
        (200, b"{}"),
        (403, b"{}"),
        (500, b""),
    ],
)
def test_what_does_not_say_that_the_password_is_wrong(answering, status, body):
    with pytest.raises(GrafanaError):
        refused(answering(status, body))
