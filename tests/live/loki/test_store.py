# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the real Loki, built by the lab, answers an agent whose lines it cannot store."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import time

import pytest

from . import local
from .cluster import wait_for


def ask(port: int, method: str, path: str, body: object = None) -> tuple[int, str]:
    """Status and text; 0 while nothing listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
        return (answer := connection.getresponse()).status, answer.read().decode(errors="replace")
    except OSError:
        return 0, ""
    finally:
        connection.close()


def push(port: int, lines: int = 1, length: int = 10) -> int:
    now = time.time_ns()
    records = [{"timeUnixNano": str(now + n), "body": {"stringValue": "x" * length}} for n in range(lines)]
    scopes = [{"logRecords": records}]
    return ask(port, "POST", "/otlp/v1/logs", {"resourceLogs": [{"resource": {}, "scopeLogs": scopes}]})[0]


def test_it_answers_503_while_it_has_no_ingester(tmp_path):
    """The collector sends again what is answered 503, and drops what is answered 500."""
    port = local.free_port()
    with local.loki(tmp_path, port, "distributor").start() as loki:
        try:
            assert wait_for("Loki's answer", lambda: push(port), 60) == 503
        finally:
            loki.terminate()


@pytest.fixture
def small(tmp_path):
    """A volume of 8 MiB."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", tmp_path], check=True)
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


def test_it_acknowledges_and_counts_what_a_full_volume_does_not_take(small):
    port = local.free_port()
    with local.loki(small, port).start() as loki:
        try:
            wait_for("Loki", lambda: ask(port, "GET", "/ready")[0] == 200, 90)
            assert {push(port, lines=10, length=100_000) for _request in range(20)} == {204}
            _status, metrics = ask(port, "GET", "/metrics")
            # The counter of the alert loki-volume-full.
            assert int(re.search(r"(?m)^loki_ingester_wal_disk_full_failures_total (\d+)", metrics)[1]) > 0
        finally:
            loki.kill()
