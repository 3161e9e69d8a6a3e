# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The double's HTTP server: credentials, routes, and faults on demand."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
import typing as t
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from . import alerting, api_dashboards, api_folders, apis, dashboards, data_sources, folders
from .answers import EMPTY, Answer, error
from .lies import Lie
from .releases import Release

USER = ("admin", "geheim")
# Tokens of service accounts, and their roles.
TOKENS = {"glsa_admin": "Admin", "glsa_editor": "Editor", "glsa_viewer": "Viewer"}
_ROLES = ("Viewer", "Editor", "Admin")
# The role that a request needs at least, the first that fits: docs/sources/administration/roles-and-permissions/
# access-control/rbac-fixed-basic-role-definitions.md.
_NEEDS = (
    (".*", "/api/datasources/uid/[^/]+/health", "Viewer"),
    (".*", "/api/datasources.*", "Admin"),
    (".*", "/api/v1/provisioning/.*", "Admin"),
    ("POST", "/api/ds/query", "Viewer"),
    ("POST|PUT|DELETE", ".*", "Editor"),
    (".*", ".*", "Viewer"),
)
# What Grafana calls legacy, and has a successor for.
_LEGACY = re.compile(r"/api/(dashboards|folders|search)(/.*)?")
# Longer than a client waits in the tests.
SILENCE_SECONDS = 1.2


class Fault(t.NamedTuple):
    """What is to go wrong with a request, in place of its answer or after its work is done."""

    method: str
    path: str
    # A status to answer with, or "cut": the work is done, but the connection ends in the middle of the answer.
    kind: int | str
    seconds: float = 0


class Double:
    """One Grafana: its state, the requests it has seen, and its faults. Use it in a with statement."""

    def __init__(self, release: Release) -> None:
        self.release = release
        self.data_sources = data_sources.DataSources(release)
        self.folders = folders.Folders(release)
        self.dashboards = dashboards.Dashboards(release, self.folders)
        self.api_dashboards = api_dashboards.ApiDashboards(release, self.dashboards, self.folders)
        self.api_folders = api_folders.ApiFolders(release, self.folders)
        self.alerting = alerting.Alerting(release, self.folders)
        self.requests: list[tuple[str, str, t.Any]] = []
        # Each serves one request.
        self.faults: list[Fault] = []
        # Each holds until it is removed.
        self.lies: list[Lie] = []
        self._lock = threading.Lock()
        self._routes = [
            ("GET", r"/api/health", lambda request: Answer(200, self._health())),
            ("GET", r"/api/org", lambda request: Answer(200, {"id": 1, "name": "Main Org.", "address": _ADDRESS})),
            ("POST", "/api/user/using/1", lambda request: Answer(200, {"message": "Active organization changed"})),
            ("GET", "/api/frontend/settings", lambda request: Answer(200, self._settings())),
            *self.data_sources.routes(),
            *self.folders.routes(),
            *self.dashboards.routes(),
            *apis.Discovery(release).routes(),
            *self.api_dashboards.routes(),
            *self.api_folders.routes(),
            *self.alerting.routes(),
        ]

    def __enter__(self) -> Double:
        double = self

        class Handler(_Handler):
            grafana = double

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *_why: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def sent(self) -> list[tuple[str, str]]:
        """Method and path of all requests so far, in their order."""
        return [(method, path) for method, path, _body in self.requests]

    def writes(self) -> list[tuple[str, str]]:
        """Method and path of the requests so far that were to change something."""
        return [
            (method, path)
            for method, path, _body in self.requests
            if method in ("POST", "PUT", "DELETE") and path != "/api/ds/query"
        ]

    def _refused(self, request: Request) -> Answer | None:
        if request.path == "/api/health":
            return None
        if not request.role:
            by_token = request.headers["Authorization"].startswith("Bearer")
            return self._unknown_user("Invalid API key" if by_token else "invalid username or password")
        need = next(
            role
            for method, path, role in _NEEDS
            if re.fullmatch(method, request.method) and re.fullmatch(path, request.path)
        )
        if _ROLES.index(request.role) >= _ROLES.index(need):
            return None
        words = "You'll need additional permissions to perform this action. Permissions needed: " + need
        return error(403, words, title="Access denied", accessErrorId="ACE1")

    def _unknown_user(self, words: str) -> Answer:
        if not self.release.as_12:
            return error(401, words, traceID="")
        more = {"extra": None, "messageId": "password-auth.failed", "statusCode": 401, "traceID": ""}
        return error(401, words[0].upper() + words[1:], **more)

    def _health(self) -> dict:
        return {"commit": "NA", "database": "ok", "version": self.release.version}

    def _settings(self) -> dict:
        panels = dict.fromkeys(("timeseries", "stat", "table", "logs", "text"), {})
        return {"buildInfo": {"version": self.release.version}, "namespace": "default", "panels": panels}

    def _without_trace(self, answer: Answer) -> Answer:
        """Only the refusal of a user has a traceID in 12.4.0."""
        if not self.release.as_12 or not isinstance(answer.body, dict):
            return answer
        return answer._replace(body={key: value for key, value in answer.body.items() if key != "traceID"})

    def take_fault(self, method: str, path: str) -> Fault | None:
        """The first fault that is meant for this request."""
        for fault in self.faults:
            if fault.method == method and re.fullmatch(fault.path, path):
                self.faults.remove(fault)
                return fault
        return None

    def answer(self, request: Request) -> Answer:
        """What this release says; one request at a time."""
        with self._lock:
            self.requests.append((request.method, request.path, request.body))
            refused = self._refused(request)
            if refused:
                return refused
            if self.release.legacy_gone and _LEGACY.fullmatch(request.path):
                return error(self.release.legacy_gone, "This API was removed")
            for method, pattern, handler in self._routes:
                found = re.fullmatch(pattern, request.path)
                if found and method == request.method:
                    found_names = tuple(unquote(name) for name in found.groups())
                    return self._without_trace(handler(request._replace(names=found_names)))
            return error(404, "Not found")


_ADDRESS = dict.fromkeys(("address1", "address2", "city", "country", "state", "zipCode"), "")


class Request(t.NamedTuple):
    """One request as the handlers see it."""

    method: str
    path: str
    query: dict[str, list[str]]
    body: t.Any
    headers: t.Mapping[str, str]
    # The role of the user or of the token; empty for nobody.
    role: str
    names: tuple[str, ...] = ()


class _Handler(BaseHTTPRequestHandler):
    grafana: Double
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers["Content-Length"] or 0)
        text = self.rfile.read(length)
        fault = self.grafana.take_fault(self.command, parts.path)
        if fault and fault.seconds:
            time.sleep(fault.seconds)
        if fault and isinstance(fault.kind, int) and fault.kind:
            self._send(error(fault.kind, "the double was told to fail"))
            return
        body = json.loads(text) if text else None
        request = Request(self.command, parts.path, parse_qs(parts.query), body, self.headers, self._role())
        answer = self.grafana.answer(request)
        for lie in self.grafana.lies:
            if lie.meant_for(self.command, parts.path):
                self._lie(*lie.tell(answer))
                return
        self._send(answer, cut=bool(fault and fault.kind == "cut"))

    do_GET = do_POST = do_PUT = do_DELETE = _serve

    def _lie(self, status: int | None, kind: str, body: bytes) -> None:
        if status is None:
            time.sleep(SILENCE_SECONDS)
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _role(self) -> str:
        kind, _blank, value = (self.headers["Authorization"] or "").partition(" ")
        if kind == "Bearer":
            return TOKENS.get(value, "")
        name, _colon, password = base64.b64decode(value).decode().partition(":") if kind == "Basic" else ("", "", "")
        return "Admin" if (name, password) == USER else ""

    def _send(self, answer: Answer, cut: bool = False) -> None:
        text = b"" if answer.body is EMPTY else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text) + (100 if cut else 0)))
        self.end_headers()
        try:
            self.wfile.write(text)
        except ConnectionError:
            # A client that no longer waits, as a slow answer makes it do.
            self.close_connection = True
        if cut:
            self.close_connection = True

    def log_message(self, *_args: object) -> None:
        """Keep the test's output clean."""
