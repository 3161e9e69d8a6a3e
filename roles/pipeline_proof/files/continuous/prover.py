# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves the detections again and again, and serves the results to Prometheus. Settings are variables of the environment."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

from kubernetes_api import Api, ApiError
from ledger import Ledger
from pods import Pods
from rounds import Round, Settings
from sources import Loki, Prometheus

PORT = 9798


class Handler(http.server.BaseHTTPRequestHandler):
    """GET /metrics, and / for the kubelet's probes."""

    ledger: Ledger
    timeout = 10

    def do_GET(self) -> None:
        content = self.ledger.text().encode() if self.path == "/metrics" else b"ok\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def handle(self) -> None:
        # Whoever asked may be gone before the answer.
        with contextlib.suppress(ConnectionError):
            super().handle()

    def log_message(self, *_arguments: object) -> None:
        """A line for each scrape helps nobody."""


def serve(ledger: Ledger, port: int) -> http.server.ThreadingHTTPServer:
    server = http.server.ThreadingHTTPServer(("", port), type("Bound", (Handler,), {"ledger": ledger}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def report(one: Round, began: float, ended: float) -> str:
    """The round in one line of the log; stops with their reasons."""
    stops = [
        {"node": node, "rule": rule, "hop": seen.stopped, "error": seen.errors.get(seen.stopped, "not seen")}
        for (node, rule), seen in one.seen.items()
        if seen.stopped
    ]
    proven = sum(seen.whole for seen in one.seen.values())
    return json.dumps({"proven": proven, "of": len(one.seen), "seconds": round(ended - began, 1), "stopped": stops})


def reader(api: Api, secret: str) -> Callable[[], dict[str, str]] | None:
    """Reads a Secret, NAMESPACE/NAME; None for an empty string."""
    namespace, _slash, name = secret.partition("/")
    return (lambda: api.call("GET", f"/api/v1/namespaces/{namespace}/secrets/{name}")["data"]) if name else None


def main(settings: dict[str, str]) -> None:
    interval, wait = int(settings["PROOF_INTERVAL"]), int(settings["PROOF_WAIT"])
    ledger = Ledger(interval, wait)
    serve(ledger, PORT)
    api = Api(settings["KUBERNETES_SERVICE_HOST"], int(settings["KUBERNETES_SERVICE_PORT"]))
    namespace, falco_namespace = settings["PROOF_NAMESPACE"], settings["PROOF_FALCO_NAMESPACE"]
    pods = Pods(api, namespace, settings["PROOF_IMAGE"], settings["PROOF_PROGRAMS"], falco_namespace)
    loki = Loki(settings["PROOF_LOKI_URL"], settings["PROOF_LOKI_TENANT"], reader(api, settings["PROOF_LOKI_SECRET"]))
    prometheus = Prometheus(settings["PROOF_PROMETHEUS_URL"], reader(api, settings["PROOF_PROMETHEUS_SECRET"]))
    of_round = Settings(
        namespace,
        falco_namespace,
        json.loads(settings["PROOF_RULES"]),
        wait,
        tuple(json.loads(settings["PROOF_AUDIT"])),
    )
    while True:
        began, started = time.time(), time.monotonic()
        one = Round(pods, loki, prometheus, of_round)
        try:
            ledger.record(one.run(), began, time.time(), one.cpu_seconds)
            print(report(one, began, time.time()), flush=True)
        except ApiError as error:
            # Without nodes there is nothing to say of any; the alert on rounds that stay away does.
            print(json.dumps({"error": str(error)}), flush=True)
        api.close()
        time.sleep(max(1, interval - (time.monotonic() - started)))


if __name__ == "__main__":
    # The first process of a container has no default reaction to it.
    signal.signal(signal.SIGTERM, lambda *_arguments: sys.exit(0))
    main(dict(os.environ))
