# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NO_PROXY means the same to every client of ours as to Go's programs; tried with a real proxy that records requests."""

from __future__ import annotations

import base64
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import proxy_bypass_environment

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.filter.proxy_environment import proxy_environment
from ansible_collections.runtime_security.kubernetes.plugins.lookup import dashboard
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import prometheus, proxy
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import Grafana, GrafanaError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.chart_source import Source

HANDBOOK = "localhost,127.0.0.1,10.96.0.0/12,192.168.49.0/24"
# Each line was answered alike by golang.org/x/net/http/httpproxy v0.49.0.
BYPASSED = [
    ("http://192.168.49.2:30300", HANDBOOK),
    ("https://192.168.49.2:8443", HANDBOOK),
    ("http://10.111.3.4", HANDBOOK),
    ("http://localhost:3000", ""),
    ("http://127.9.9.9", ""),
    ("http://[::1]:3000", ""),
    ("http://[::ffff:192.168.49.2]", HANDBOOK),
    ("http://192.168.49.2", "::ffff:192.168.49.0/120"),
    ("http://192.168.49.2", "192.168.49.7/24"),
    ("http://192.168.49.2:30300", "192.168.49.2:30300"),
    ("http://192.168.49.2", "192.168.49.2:80"),
    ("https://[fd00::1]", "fd00::/8"),
    ("https://[fd00::1]", "fd00::1"),
    ("https://[fd00::1]", "[fd00::1]:443"),
    ("http://grafana.example.org", "example.org"),
    ("http://example.org", " EXAMPLE.org "),
    ("http://grafana.example.org", ".example.org"),
    ("http://grafana.example.org", "*.example.org"),
    ("http://grafana.example.org:3000", "example.org:3000"),
    ("https://grafana.example.org", ".example.org:443"),
    ("http://anything.example", "a,*,b"),
]
PROXIED = [
    ("http://192.168.50.2", HANDBOOK),
    ("http://10.112.0.1", HANDBOOK),
    ("http://192.168.49.2", "192.168.49.2:30300"),
    ("http://192.168.49.2", "192.168.49.0/255.255.255.0,192.168.49,10.0.0.0/33"),
    ("http://example.org", ".example.org"),
    ("http://example.org", "*.example.org"),
    ("http://notexample.org", "example.org,*example.org"),
    ("http://grafana.example.org", "example.org:3000"),
    ("http://1.2.3", "1.2.3.0/24"),
    ("http://grafana.example.org", "192.168.49.0/24,:80,/,"),
]


@pytest.mark.parametrize(("url", "no_proxy"), BYPASSED)
def test_requests_that_take_no_proxy(url, no_proxy):
    assert proxy.bypasses(url, no_proxy)
    environment = {"http_proxy": "proxy:1", "HTTPS_PROXY": "http://proxy:1", "no_proxy": no_proxy}
    assert proxy.proxy_for(url, environment) == ""
    # What get_url is given: urllib comes to the same.
    given = proxy.urllib_environment(url, environment)
    assert proxy_bypass_environment(url.split("/")[2].strip("[]").partition("]")[0], {"no": given["no_proxy"]})


@pytest.mark.parametrize(("url", "no_proxy"), PROXIED)
def test_requests_that_take_the_proxy(url, no_proxy):
    assert not proxy.bypasses(url, no_proxy)
    environment = {"http_proxy": "proxy:1", "NO_PROXY": no_proxy}
    assert proxy.proxy_for(url, environment) == "http://proxy:1"
    given = proxy.urllib_environment(url, environment)
    assert not proxy_bypass_environment(url.split("/")[2], {"no": given["no_proxy"]})


def test_without_a_proxy_nothing_is_set():
    assert proxy.urllib_environment("http://192.168.49.2", {"NO_PROXY": HANDBOOK}) == {}
    assert proxy.proxy_for("http://192.168.49.2", {}) == ""
    # Go prefers the upper case.
    assert proxy.proxy_for("http://a.example", {"http_proxy": "low:1", "HTTP_PROXY": "up:1"}) == "http://up:1"


def test_another_host_has_an_environment_of_its_own(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "proxy:1")
    assert proxy_environment("http://192.0.2.1/x", "ssh") == {}
    assert proxy_environment("http://192.0.2.1/x") == {"http_proxy": "proxy:1", "no_proxy": ""}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append((self.path, self.headers["Proxy-Authorization"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.server.answer)

    def do_CONNECT(self):
        self.server.seen.append((self.path, self.headers["Proxy-Authorization"]))
        self.send_error(502)

    def log_message(self, *_arguments):
        """Keep the test's output clean."""


@pytest.fixture
def serve():
    """Starts servers: each answers everything, as a proxy or as the place itself, and keeps what was asked."""
    servers = []

    def start(answer):
        server = ThreadingHTTPServer(("0.0.0.0", 0), _Handler)
        server.seen, server.answer = [], answer
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def _grafana(url):
    unused = dict.fromkeys(("grafana_api_key", "client_cert", "client_key", "ca_path"))
    options = {"url": url, "url_username": "admin", "url_password": "word", "use_proxy": True, "validate_certs": True}
    return Grafana({**unused, **options, "timeout": 5})


def _ask_grafana(url):
    return _grafana(url).request("GET", "/api/org")


def _ask_prometheus(url):
    return prometheus.ask({"url": url}, None)


def _ask_charts(url):
    return Source("chart", url, "1.0.0").index_checksum()


ANSWERS = {
    _ask_grafana: b"{}",
    _ask_prometheus: b'{"status": "success", "data": {"version": "2.53.0"}}',
    _ask_charts: b"entries: {chart: [{version: 1.0.0, digest: abc}]}",
    dashboard.download: b"{}",
}


@pytest.mark.parametrize("ask", ANSWERS)
# The own address of this machine that is no loopback address to anybody but Linux.
@pytest.mark.parametrize(("no_proxy", "through"), [("10.96.0.0/12,0.0.0.0/24", False), ("10.96.0.0/12", True)])
def test_every_client_follows_networks(monkeypatch, serve, ask, no_proxy, through):
    place, way = serve(ANSWERS[ask]), serve(ANSWERS[ask])
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{way.server_port}")
    monkeypatch.setenv("no_proxy", no_proxy)
    ask(f"http://0.0.0.0:{place.server_port}")
    assert (len(place.seen), len(way.seen)) == ((0, 1) if through else (1, 0))
    if through:
        assert way.seen[0][0].startswith(f"http://0.0.0.0:{place.server_port}")


@pytest.mark.parametrize("ask", ANSWERS)
def test_every_client_knows_what_a_leading_dot_means(monkeypatch, serve, ask):
    way = serve(ANSWERS[ask])
    monkeypatch.setenv("HTTP_PROXY", f"http://us%20er:w%3Ard@127.0.0.1:{way.server_port}")
    monkeypatch.setenv("NO_PROXY", ".site.invalid")
    ask("http://site.invalid")
    words = base64.b64encode(b"us er:w:rd").decode()
    assert [(path.startswith("http://site.invalid"), auth) for path, auth in way.seen] == [(True, f"Basic {words}")]


def test_grafana_with_https_is_asked_through_a_tunnel(monkeypatch, serve):
    way = serve(b"")
    monkeypatch.setenv("HTTPS_PROXY", f"me:word@127.0.0.1:{way.server_port}")
    with pytest.raises(GrafanaError, match="502"):
        _grafana("https://grafana.invalid").request("GET", "/api/org")
    assert way.seen == [("grafana.invalid:443", f"Basic {base64.b64encode(b'me:word').decode()}")]


def test_a_kind_of_proxy_that_python_does_not_speak_is_named(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "socks5://127.0.0.1:1")
    with pytest.raises(GrafanaError, match=r"HTTP_PROXY: the kind of the proxy is not supported \(socks5\)"):
        _grafana("http://grafana.invalid").request("GET", "/api/org")


@pytest.mark.parametrize("url", ["https://192.168.49.2:8443", "https://10.97.0.1", "https://api.example.org:6443"])
@pytest.mark.parametrize(
    "no_proxy", [HANDBOOK, "*", "example.org", ".example.org", "192.168.49.2", "10.97.0.1,api.example.org"]
)
def test_the_kubernetes_client_takes_the_same_way(monkeypatch, url, no_proxy):
    client = pytest.importorskip("kubernetes.client")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    manager = client.ApiClient(client.Configuration(host=url)).rest_client.pool_manager
    assert bool(manager.proxy) == bool(proxy.proxy_for(url)), manager
