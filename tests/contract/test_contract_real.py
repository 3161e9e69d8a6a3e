# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules against a real Grafana: GRAFANA_URL, GRAFANA_USER, GRAFANA_PASSWORD. What they make is named contract-*."""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import os
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from modules import run

URL = os.environ["GRAFANA_URL"]
LOGIN = {
    "url_username": os.environ.get("GRAFANA_USER", "admin"),
    "url_password": os.environ["GRAFANA_PASSWORD"],
    "timeout": 60,
}
OWNER = "contract"
SOURCE = {"uid": "contract-real", "type": "prometheus", "owner": OWNER}
# Grafana makes a new client for a source whose time of change is another one, and counts that in seconds.
_STAMP = 1.1
# A query's answer as Prometheus gives it.
ONE = {"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [1, "2"]}]}}


def _own_address():
    """The address of this machine that Grafana's machine can reach: the one we reach it from."""
    place = urlsplit(URL)
    with socket.create_connection((place.hostname, place.port or 80), timeout=60) as connection:
        return connection.getsockname()[0]


@pytest.fixture
def prometheus():
    """A server that answers every query, and the headers of the requests it has seen."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            seen.append(dict(self.headers))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(ONE).encode())

        do_POST = do_GET

        def log_message(self, *_args):
            """Keep the test's output clean."""

    server = ThreadingHTTPServer((_own_address(), 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://{server.server_address[0]}:{server.server_port}", seen
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def have_source():
    have = functools.partial(run, "grafana_data_source", URL, **LOGIN, **SOURCE)
    with contextlib.ExitStack() as stack:
        stack.callback(have, state="absent")
        yield have


def test_secrets_reach_the_data_source_and_so_does_a_rotated_one(have_source, prometheus):
    address, seen = prometheus

    def sent(password):
        options = {"basic_auth_user": "reader", "basic_auth_password": password}
        return have_source(ds_url=address, http_headers={"X-Scope-OrgID": "team-a"}, **options)

    look = functools.partial(run, "grafana_health_info", URL, **LOGIN, data_sources=[SOURCE["uid"]], wait_timeout=0)
    for password in ("geheim-1", "geheim-2"):
        time.sleep(_STAMP)
        assert sent(password)["changed"]
        assert not sent(password)["changed"]
        seen.clear()
        assert look()["healthy"]
        expected = base64.b64encode(f"reader:{password}".encode()).decode()
        assert {(headers["X-Scope-Orgid"], headers["Authorization"]) for headers in seen} == {
            ("team-a", f"Basic {expected}")
        }
    time.sleep(_STAMP)
    assert have_source(ds_url=address, http_headers={}, basic_auth_user="")["changed"]
    assert not have_source(ds_url=address, http_headers={}, basic_auth_user="")["changed"]
    seen.clear()
    assert look()["healthy"]
    assert [{"X-Scope-Orgid", "Authorization"} & set(headers) for headers in seen] == [set()] * len(seen)
    assert have_source(state="absent")["changed"]
    assert not have_source(state="absent")["changed"]


def test_many_dashboards_are_written_kept_and_removed():
    boards = [{"uid": f"contract-{number}", "title": f"Contract {number}"} for number in range(20)]
    have = functools.partial(run, "grafana_dashboards", URL, **LOGIN, folder_uid="contract-real", owner=OWNER)
    try:
        assert len(have(dashboards=boards, check=True)["created"]) == 20
        assert len(have(dashboards=boards)["created"]) == 20
        assert len(have(dashboards=boards)["unchanged"]) == 20
        other = have(dashboards=[{**boards[0], "panels": [{"id": 1}]}, *boards[2:]], purge=True)
        assert (other["updated"], other["removed"]) == (["contract-0"], ["contract-1"])
    finally:
        gone = have(state="absent")
    assert (len(gone["removed"]), gone["folder"]) == (19, "removed")
