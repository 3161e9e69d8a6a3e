# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pod's metrics. Private to the collection."""

from __future__ import annotations

import http.server
import threading
import time
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import x509
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer import served
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.api import Api
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.secret_store import (
    SecretStore,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.settings import Settings
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.wanted import CA_CERTIFICATE

PORT = 9799
_PREFIX = "runtime_security_certificate"
NOT_AFTER = f"{_PREFIX}_not_after_timestamp_seconds"


class Ends:
    """When certificates end: those in the Secrets at the last round, and those that servers show at this moment."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stored: list[str] = []

    def read(self, api: Api) -> None:
        """Look at the Secrets; raises WorkError where they cannot be read, and then no date is better than an old one."""
        self._stored = []
        declared = self._settings.declared
        stored = SecretStore(api, self._settings.owner).read(declared.places)
        entries = {leaf.place: leaf.entries.certificate for leaf in declared.leaves}
        found = {
            place: x509.load_certificate(data.get(entries.get(place, CA_CERTIFICATE), b""))
            for place, data in stored.items()
        }
        self._stored = [
            _ends(place.secret, "secret", x509.not_after(one).timestamp())
            for place, one in found.items()
            if one is not None
        ]

    def lines(self) -> t.Iterator[str]:
        yield f"# HELP {NOT_AFTER} When a certificate ends: the one in its Secret, the one that its server shows."
        yield f"# TYPE {NOT_AFTER} gauge"
        yield from self._stored
        for server in self._settings.servers:
            end = served.not_after(server)
            if end is not None:
                yield _ends(self._settings.place(server.certificate).secret, "served", end)


def _ends(secret: str, source: str, end: float) -> str:
    return f'{NOT_AFTER}{{certificate="{secret}",source="{source}"}} {end:.0f}'


class Rounds:
    """How the last round went."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failed, self._last = 0, 0.0

    def note(self, succeeded: bool) -> None:
        with self._lock:
            self._failed = int(not succeeded)
            self._last = time.time() if succeeded else self._last

    def lines(self) -> list[str]:
        with self._lock:
            return [
                f"# HELP {_PREFIX}_renewal_failed 1 where the last round could not do what it had to.",
                f"# TYPE {_PREFIX}_renewal_failed gauge",
                f"{_PREFIX}_renewal_failed {self._failed}",
                f"# HELP {_PREFIX}_renewal_succeeded_timestamp_seconds When the last round ended that could.",
                f"# TYPE {_PREFIX}_renewal_succeeded_timestamp_seconds gauge",
                f"{_PREFIX}_renewal_succeeded_timestamp_seconds {self._last:.0f}",
            ]


def serve(ends: Ends, rounds: Rounds, port: int = PORT) -> http.server.ThreadingHTTPServer:
    """Answer from now on, at /metrics and, for probes, at /."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = [*ends.lines(), *rounds.lines(), ""] if self.path.startswith("/metrics") else ["ok", ""]
            body = "\n".join(page).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: t.Any) -> None:
            """Nothing: each scrape would be a line."""

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, request: t.Any, client_address: t.Any) -> None:
            """Nothing: who asked has gone."""

    server = Server(("", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
