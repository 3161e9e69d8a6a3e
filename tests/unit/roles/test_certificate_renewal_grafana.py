# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pod that renews certificates does with Grafana's data sources."""

from __future__ import annotations

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import (
    grafana_data_source_settings as settings,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer import data_sources
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.data_sources import (
    Grafana,
    GrafanaError,
    Source,
)

SOURCE = Source("loki", "grafana")
DATA = {"grafana": {"ca.crt": b"ca", "tls.crt": b"certificate", "tls.key": b"key"}}
SECURE = {"tlsCACert": "ca", "tlsClientCert": "certificate", "tlsClientKey": "key"}
ADMIN = {"admin-user": "admin", "admin-password": "pass word"}


class Api:
    """Knows the Secret of the administrator."""

    def get(self, _path):
        return {"data": {key: base64.b64encode(value.encode()).decode() for key, value in ADMIN.items()}}


class Double(ThreadingHTTPServer):
    """A Grafana with data sources by their uids, that knows its administrator."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.sources, self.puts, self.broken = {}, [], False
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    def _answer(self):
        uid, length = self.path.rpartition("/")[2], int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or "{}")
        known = base64.b64encode(b"admin:pass word").decode()
        status = 500 if self.server.broken else 401 if self.headers["Authorization"] != f"Basic {known}" else 200
        if status == 200 and uid not in self.server.sources:
            status = 404
        if status == 200 and self.command == "PUT":
            self.server.puts.append(body)
            stored = self.server.sources[uid]
            fields = {**stored.get("secureJsonFields", {}), **dict.fromkeys(body.pop("secureJsonData"), True)}
            self.server.sources[uid] = {**body, "secureJsonFields": fields, "version": body["version"] + 1}
        content = json.dumps(self.server.sources.get(uid, {})).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = _answer

    def log_message(self, format, *arguments):
        pass


@pytest.fixture(name="server")
def grafana_double():
    server = Double()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(name="grafana")
def grafana_as_the_pod_sees_it(server, monkeypatch):
    monkeypatch.setattr(Grafana, "_address", lambda self: (f"http://127.0.0.1:{server.server_port}", None))
    return Grafana(Api(), "monitoring", "grafana", "grafana-admin", "")


def written_by_the_role(**more):
    """The data source as the module grafana_data_source writes it."""
    secure = {**SECURE, **more}
    json_data = {
        settings.CERTIFICATE: settings.certificate_fingerprint(SECURE),
        settings.FINGERPRINT: settings.fingerprint(secure),
    }
    place = {"uid": "loki", "name": "Loki", "type": "loki", "url": "https://loki:3443", "access": "proxy", "version": 3}
    return {
        **place,
        "id": 7,
        "isDefault": False,
        "jsonData": json_data,
        "secureJsonFields": dict.fromkeys(secure, True),
    }


def test_what_the_role_wrote_is_current(server, grafana):
    server.sources["loki"] = written_by_the_role()
    assert data_sources.outdated(grafana, [SOURCE], DATA) == []


def test_new_certificates_are_written_and_the_role_then_has_nothing_to_do(server, grafana):
    server.sources["loki"] = written_by_the_role()
    renewed = {"grafana": {**DATA["grafana"], "tls.key": b"next"}}
    assert data_sources.outdated(grafana, [SOURCE], renewed) == [SOURCE]
    data_sources.write(grafana, [SOURCE], renewed)
    assert data_sources.outdated(grafana, [SOURCE], renewed) == []
    (body,) = server.puts
    assert (body["url"], body["version"], body.get("id")) == ("https://loki:3443", 3, None)
    stated = server.sources["loki"]["jsonData"][settings.FINGERPRINT]
    assert settings.matches({**SECURE, "tlsClientKey": "next"}, stated)


def test_other_secure_fields_stay(server, grafana):
    """The pod does not know them; the role writes its fingerprint of all again."""
    server.sources["loki"] = written_by_the_role(httpHeaderValue1="tenant")
    before = server.sources["loki"]["jsonData"][settings.FINGERPRINT]
    renewed = {"grafana": {**DATA["grafana"], "tls.key": b"next"}}
    data_sources.write(grafana, [SOURCE], renewed)
    assert server.sources["loki"]["secureJsonFields"]["httpHeaderValue1"]
    assert server.sources["loki"]["jsonData"][settings.FINGERPRINT] == before
    assert data_sources.outdated(grafana, [SOURCE], renewed) == []


def test_a_data_source_that_does_not_exist_is_passed_over(server, grafana):
    assert data_sources.outdated(grafana, [SOURCE], DATA) == []
    data_sources.write(grafana, [SOURCE], DATA)
    assert server.puts == []


def test_a_grafana_that_fails_is_an_error(server, grafana):
    server.broken = True
    with pytest.raises(GrafanaError, match="500"):
        data_sources.outdated(grafana, [SOURCE], DATA)


def test_another_password_is_an_error(server, grafana, monkeypatch):
    server.sources["loki"] = written_by_the_role()
    monkeypatch.setitem(ADMIN, "admin-password", "wrong")
    with pytest.raises(GrafanaError, match="401") as error:
        data_sources.outdated(grafana, [SOURCE], DATA)
    assert "wrong" not in str(error.value)
