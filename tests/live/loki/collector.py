# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real OpenTelemetry Collector, built by the lab, with a configuration of the role, and a sink in the place of Loki."""

from __future__ import annotations

import contextlib
import gzip
import http.server
import json
import threading
import time
import typing as t
from pathlib import Path

from . import local


class Line(t.NamedTuple):
    stream: str
    stamp: int
    text: str


class Sink(http.server.ThreadingHTTPServer):
    """Takes what the collector sends, as Loki would."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.takes = 0.0  # seconds for each request
        self.under_way: list[bool] = []  # whether another request was, when one came
        self._one = threading.Lock()
        self.lines: list[Line] = []
        self.labels: list[dict[str, str]] = []

    def take(self, request: dict) -> None:
        free = self._one.acquire(blocking=False)
        self.under_way.append(not free)
        time.sleep(self.takes)
        if free:
            self._one.release()
        for resource in request["resourceLogs"]:
            labels = {a["key"]: a["value"]["stringValue"] for a in resource["resource"]["attributes"]}
            self.labels.append(labels)
            for record in (record for scope in resource["scopeLogs"] for record in scope["logRecords"]):
                # Nothing that another agent would not send: Loki would keep such lines beside the others.
                assert set(record) <= {"timeUnixNano", "body"}, record
                text = record["body"].get("stringValue", "")
                self.lines.append(Line(labels.get("stream", ""), int(record.get("timeUnixNano", 0)), text))


class Handler(http.server.BaseHTTPRequestHandler):
    server: Sink

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.take(json.loads(gzip.decompress(body)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Nothing."""


@contextlib.contextmanager
def running(config: dict, folder: Path, places: dict[str, Path]) -> t.Iterator[Sink]:
    """The collector with other places of its folders; what it sends is in the sink."""
    with Sink() as sink:
        threading.Thread(target=sink.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{sink.server_port}"
        with local.collector(config, folder, places, address, encoding="json").start() as collector:
            try:
                yield sink
            finally:
                collector.terminate()
        sink.shutdown()
