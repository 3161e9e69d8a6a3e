# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Falco's events of a made-up past in a Loki of the lab's, and what an expression says about them."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import time
import typing as t
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import yaml

_NANO = 10**9
EVERY = 30
# urlopen takes what some other test has installed for the whole process, perhaps with a proxy.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def config(folder: Path, http: int, grpc: int) -> dict:
    schema = {"from": "2024-04-01", "store": "tsdb", "object_store": "filesystem", "schema": "v13"}
    return {
        "auth_enabled": True,
        "server": {
            "http_listen_address": "127.0.0.1",
            "http_listen_port": http,
            "grpc_listen_address": "127.0.0.1",
            "grpc_listen_port": grpc,
        },
        "common": {
            "instance_addr": "127.0.0.1",
            "path_prefix": str(folder),
            "replication_factor": 1,
            "ring": {"kvstore": {"store": "inmemory"}},
            "storage": {"filesystem": {"chunks_directory": f"{folder}/chunks", "rules_directory": f"{folder}/rules"}},
        },
        "schema_config": {"configs": [{**schema, "index": {"prefix": "index_", "period": "24h"}}]},
        "ingester": {"lifecycler": {"min_ready_duration": "0s", "final_sleep": "0s"}},
        "analytics": {"reporting_enabled": False},
    }


class Loki:
    """The program; every test has a tenant of its own in it."""

    def __init__(self, url: str) -> None:
        self._url = url

    def _ask(self, tenant: str, path: str, body: dict | None = None) -> bytes:
        headers = {"X-Scope-OrgID": tenant, "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with _OPENER.open(urllib.request.Request(self._url + path, data, headers), timeout=30) as answer:
            return answer.read()

    def ready(self) -> bool:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            return self._ask("none", "/ready").startswith(b"ready")
        return False

    def push(self, tenant: str, labels: dict, lines: list[tuple[int, str]]) -> None:
        values = [[str(at), line] for at, line in lines]
        self._ask(tenant, "/loki/api/v1/push", {"streams": [{"stream": labels, "values": values}]})

    def now(self, tenant: str, expression: str) -> list[dict[str, str]]:
        """The labels of the expression's series at this time."""
        asked = urllib.parse.urlencode({"query": expression})
        result = json.loads(self._ask(tenant, f"/loki/api/v1/query?{asked}"))["data"]["result"]
        return [row["metric"] for row in result]

    def values(
        self, tenant: str, expression: str, first: int, last: int, every: int, by: str
    ) -> dict[str, dict[int, float]]:
        """The expression's values by the label and time."""
        asked = urllib.parse.urlencode({"query": expression, "start": first, "end": last, "step": every})
        result = json.loads(self._ask(tenant, f"/loki/api/v1/query_range?{asked}"))["data"]["result"]
        return {row["metric"][by]: {int(at): float(value) for at, value in row["values"]} for row in result}


@contextlib.contextmanager
def started(program: str, folder: Path) -> t.Iterator[Loki]:
    http, grpc = _free_port(), _free_port()
    (folder / "loki.yml").write_text(yaml.safe_dump(config(folder, http, grpc)), encoding="utf-8")
    loki = Loki(f"http://127.0.0.1:{http}")
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen([program, f"-config.file={folder}/loki.yml"], stdout=log, stderr=log) as process,
    ):
        try:
            end = time.monotonic() + 60
            while not loki.ready():
                assert process.poll() is None and time.monotonic() < end, (folder / "log").read_text()[-3000:]
                time.sleep(0.2)
            yield loki
        finally:
            process.kill()


class Story:
    """Events by the seconds from the begin, which is an hour ago."""

    def __init__(self, loki: Loki, tenant: str) -> None:
        self._loki = loki
        self._tenant = tenant
        # Loki puts the steps of a query on multiples of their length.
        self._begin = int(time.time()) // EVERY * EVERY - 3600
        self._lines: list[tuple[int, str]] = []

    def event(
        self, at: float, node: str = "n1", container: str = "c", pod: str | None = "p", name: str | None = "sh"
    ) -> None:
        fields = {"container.id": container, "k8s.pod.name": pod, "proc.name": name}
        self.said(at, json.dumps({"hostname": node, "output_fields": fields, "rule": "R"}, separators=(",", ":")))

    def said(self, at: float, line: str) -> None:
        """A line of Falco's that is no event."""
        self._lines.append(((self._begin * _NANO) + int(at * _NANO), line))

    def told(self, **labels: str) -> None:
        """Hands the events to Loki."""
        self._loki.push(self._tenant, {"namespace": "falco", "container": "falco", **labels}, sorted(self._lines))

    def nodes(self, expression: str, last: int, by: str = "host") -> dict[str, set[int]]:
        """When the expression has a value, by node, looked at every EVERY seconds."""
        found = self._loki.values(self._tenant, expression, self._begin, self._begin + last, EVERY, by)
        return {node: {at - self._begin for at in times} for node, times in found.items()}

    def latest(self, expression: str, at: int, by: str = "host") -> dict[str, float]:
        """The expression's value at one time, by node."""
        found = self._loki.values(self._tenant, expression, self._begin + at, self._begin + at, EVERY, by)
        return {node: times[self._begin + at] for node, times in found.items()}
