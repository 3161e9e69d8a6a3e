# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's S3 server and its Loki as processes, each Loki alone on an address of the loopback network as a pod is on its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import time
import typing as t
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import yaml

from ..loki.cluster import wait_for
from .certificates import MOUNT, Certificates

PARTS = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "runtime-security" / "lab" / "parts"
BUCKET = "loki-chunks"
# As long as the role gives a pod to write to S3 what it holds.
GRACE = 300
# A pod finds out its address by its network interface, or hears it from the chart, and its name is its host's.
OWN = (
    *("server.http-listen-address", "server.grpc-listen-address", "memberlist.advertise-addr", "memberlist.nodename"),
    *("ingester.lifecycler.addr", "ingester.lifecycler.ID", "frontend.instance-addr"),
    *(
        f"{ring}.ring.instance-{what}"
        for ring in ("compactor", "distributor", "index-gateway", "query-scheduler")
        for what in ("addr", "id")
    ),
)
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@contextlib.contextmanager
def s3(folder: Path, environment: dict[str, str]) -> t.Iterator[Store]:
    """An S3 server with one bucket, for whoever has these keys."""
    (folder / "store" / BUCKET).mkdir(parents=True)
    (folder / "attributes").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # No attributes of files: not every file system has them.
    command = [PARTS / "versitygw" / "versitygw", "--port", f"127.0.0.1:{port}", "posix"]
    command += ["--sidecar", folder / "attributes", folder / "store"]
    keys = {
        "ROOT_ACCESS_KEY": environment["AWS_ACCESS_KEY_ID"],
        "ROOT_SECRET_KEY": environment["AWS_SECRET_ACCESS_KEY"],
    }
    with (folder / "s3.log").open("ab") as log:
        server = subprocess.Popen(command, env=os.environ | keys, stdout=log, stderr=log)
    try:
        wait_for("the S3 server", lambda: listens("127.0.0.1", port), 30)
        yield Store(f"http://127.0.0.1:{port}", folder / "store" / BUCKET)
    finally:
        server.kill()
        server.wait()


def listens(address: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((address, port), 1):
        return True
    return False


class Store(t.NamedTuple):
    url: str
    folder: Path

    def chunks(self) -> list[Path]:
        """The objects with lines; the others are the index and Loki's own."""
        return [path for path in (self.folder / "fake").rglob("*") if path.is_file()]


class Loki:
    """One process."""

    def __init__(self, folder: Path, address: str, target: str = "all", tls: Certificates | None = None) -> None:
        self.folder, self.address, self.target, self.tls = folder / address, address, target, tls
        self.process: subprocess.Popen | None = None

    def start(
        self, config: dict, names: dict[str, list[str]], environment: dict[str, str], volume: str = "empty"
    ) -> None:
        """Names are what a cluster's DNS answers."""
        if volume == "empty":
            shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "config.yaml"
        file.write_text(yaml.safe_dump(self._placed(config, names)), encoding="utf-8")
        command = [PARTS / "loki" / "loki", f"-config.file={file}", f"-target={self.target}"]
        command += [f"-{name}={self.address}" for name in OWN]
        with (self.folder.parent / f"{self.address}.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=os.environ | environment, stdout=log, stderr=log)

    def _placed(self, config: dict, names: dict[str, list[str]]) -> dict:
        config = json.loads(
            json.dumps(config)
            .replace("/var/loki", str(self.folder / "data"))
            .replace("127.0.0.1:9095", f"{self.address}:9095")
            .replace(MOUNT, str(self.tls.of("server") if self.tls else ""))
        )
        members = config["memberlist"]
        members["join_members"] = [address for name in members["join_members"] for address in names[name]]
        members["bind_addr"] = [self.address]
        written = json.dumps(config)
        for name, (address, *_others) in names.items():
            # Not the name that a certificate is checked for.
            written = re.sub(rf"{re.escape(name)}(?=:\d)", address, written)
        config = json.loads(written)
        config["server"]["log_level"] = "warn"
        # No limits for single tenants, which the real chart has in a file.
        config.pop("runtime_config", None)
        return config

    def ask(self, path: str, body: object = None, **parameters: object) -> tuple[int, str]:
        """Status and text; 0 while nothing answers."""
        origin = f"https://{self.address}:3443" if self.tls else f"http://{self.address}:3100"
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{origin}/{path}?{urllib.parse.urlencode(parameters)}", data, headers)
        opener = self.tls.opener() if self.tls else _OPENER
        try:
            with opener.open(request, timeout=30) as answer:
                return answer.status, answer.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")
        except OSError:
            return 0, ""

    def push(self, lines: list[str]) -> bool:
        """Whether Loki acknowledged them."""
        now = time.time_ns()
        values = [[str(now + n), line] for n, line in enumerate(lines)]
        return self.ask("loki/api/v1/push", {"streams": [{"stream": {"app": "s3"}, "values": values}]})[0] == 204

    def lines(self) -> set[str]:
        start = time.time_ns() - 3600 * 10**9
        status, text = self.ask("loki/api/v1/query_range", query='{app="s3"}', start=start, limit=5000)
        if status != 200:
            return set()
        return {line for stream in json.loads(text)["data"]["result"] for _time, line in stream["values"]}

    def metric(self, name: str) -> float:
        _status, metrics = self.ask("metrics")
        return sum(float(value) for value in re.findall(rf"(?m)^{name}(?:\{{.*\}})? (\S+)$", metrics))

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def stop(self) -> float:
        """As Kubernetes stops a pod; how many seconds it took."""
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(GRACE)
        return time.monotonic() - began


@contextlib.contextmanager
def running(
    lokis: list[Loki], config: dict, names: dict[str, list[str]], environment: dict[str, str]
) -> t.Iterator[None]:
    """All of them ready; killed at the end if they still run."""
    try:
        for loki in lokis:
            loki.start(config, names, environment)
        for loki in lokis:
            wait_for(f"Loki on {loki.address}", lambda loki=loki: _ready(loki), 180)
        yield
    finally:
        for loki in lokis:
            loki.kill()


def _ready(loki: Loki) -> bool:
    if loki.process.poll() is not None:
        log = (loki.folder.parent / f"{loki.address}.log").read_text(errors="replace")
        raise AssertionError(f"Loki on {loki.address} ended with {loki.process.returncode}: {log[-3000:]}")
    return loki.ask("ready")[0] == 200
