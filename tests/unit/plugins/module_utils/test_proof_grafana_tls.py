# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Grafana's port for HTTPS takes, on servers with and without TLS."""

from __future__ import annotations

import contextlib
import http.server
import socket
import ssl
import threading

import pytest
import tls_servers
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof import grafana_tls
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.watch import Watch


@contextlib.contextmanager
def served(tmp_path, secured):
    """The address of a server."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    if secured:
        (tmp_path / "both.pem").write_bytes(b"".join(tls_servers.pem_of(*tls_servers.issue("grafana"))))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "both.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("secured", [True, False], ids=["TLS", "plain HTTP"])
def test_plain_http_and_an_old_tls(tmp_path, secured, capfd):
    with served(tmp_path, secured) as url:
        plain, _old = grafana_tls.refusals(Watch(5), url)
    assert plain["name"] == "Grafana refuses plain HTTP"
    assert plain["ok"] is secured, plain


def test_one_that_does_not_listen_has_refused_nothing():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    lines = list(grafana_tls.refusals(Watch(1), f"https://127.0.0.1:{port}"))
    assert [line["name"] for line in lines] == ["Grafana refuses plain HTTP", "Grafana refuses TLS 1.1"]
    assert not any(line["ok"] for line in lines) and "refused" in lines[0]["detail"]
