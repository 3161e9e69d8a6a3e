"""Servers with TLS, on loopback unless said otherwise: Debian's image registry, and files, as chart repositories and download sites serve them."""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ADDRESS = "127.0.0.1"
START_SECONDS = 20


def free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def registry(
    folder: Path,
    certificates: Path,
    started: Callable[[subprocess.Popen], object] = lambda _process: None,
    address: str = ADDRESS,
    port: int = 0,
) -> Iterator[str]:
    """Serves the images below a folder; gives its address. ``started`` is called with the process."""
    port = port or free_port(address)
    configuration = folder / "registry.json"  # JSON is YAML, too
    configuration.write_text(
        json.dumps(
            {
                "version": 0.1,
                "log": {"level": "error", "accesslog": {"disabled": True}},
                "storage": {"filesystem": {"rootdirectory": str(folder)}},
                "http": {
                    "addr": f"{address}:{port}",
                    "tls": {
                        "certificate": str(certificates / "server.pem"),
                        "key": str(certificates / "server.key"),
                    },
                },
            }
        ),
        encoding="utf-8",
    )
    with (folder / "registry.log").open("w") as log:
        process = subprocess.Popen(["docker-registry", "serve", str(configuration)], stdout=log, stderr=log)
    started(process)
    try:
        wait_until_open(address, port, process)
        yield f"{address}:{port}"
    finally:
        process.terminate()
        process.wait(10)


def wait_until_open(address: str, port: int, process: subprocess.Popen) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((address, port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError("the registry does not answer")


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Says nothing; the tests say what was asked for."""

    def log_message(self, *_arguments: object) -> None:
        pass


@contextlib.contextmanager
def files(folder: Path, certificates: Path) -> Iterator[str]:
    """Serves the files of a folder; gives its address."""
    server = http.server.ThreadingHTTPServer((ADDRESS, 0), functools.partial(Quiet, directory=str(folder)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"https://{ADDRESS}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
