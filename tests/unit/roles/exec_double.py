# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exec of the API server's double: runs the command here. And a cluster whose Jobs have pods that run.

Source: RFC 6455; kubernetes/apimachinery:pkg/util/remotecommand/constants.go (v4.channel.k8s.io).
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import subprocess
import sys
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs

from api_double import Cluster

BINARY, CLOSE = 0x82, 0x88
STDIN, STDOUT, STATUS = b"\0", b"\1", b"\3"


class NodeCluster(Cluster):
    """Starts a pod for each Job and removes it with the Job; phase is that of the pods."""

    phase = "Running"

    def answer(self, method, path, words, body):
        status, found = super().answer(method, path, words, body)
        if "/jobs" in path and method in ("POST", "DELETE") and status == 200 and "dryRun" not in words:
            metadata = found["metadata"]
            place = ("v1", metadata["namespace"], "pods", metadata["name"])
            if method == "POST":
                self.written = body
                self.objects[place] = self.pod(found)
            else:
                self.objects.pop(place, None)
        return status, found

    def pod(self, job: dict) -> dict:
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {**job["metadata"], "labels": job["spec"]["template"]["metadata"]["labels"]},
            "spec": job["spec"]["template"]["spec"],
            "status": {"phase": self.phase},
        }

    def run(self, command: list[str], line: str) -> tuple[int, str]:
        """Runs it with a Python of this machine, and nothing of the collection."""
        program = [sys.executable, "-I", *command[1:]]
        done = subprocess.run(program, input=line, capture_output=True, text=True, check=False, cwd="/")
        return done.returncode, done.stdout + done.stderr


def serve(handler: BaseHTTPRequestHandler, query: str) -> None:
    """Answers a request for exec: takes one line of input, runs the command, sends what it printed and how it ended."""
    key = handler.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    handler.send_response(101)
    handler.send_header("Upgrade", "websocket")
    handler.send_header("Connection", "Upgrade")
    handler.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
    handler.send_header("Sec-WebSocket-Protocol", "v4.channel.k8s.io")
    handler.end_headers()
    line = b""
    while not line.endswith(b"\n"):
        received = receive(handler.rfile)
        line += received[1:] if received[:1] == STDIN else b""
    code, printed = handler.server.cluster.run(parse_qs(query)["command"], line.decode())
    send(handler.wfile, BINARY, STDOUT + printed.encode())
    cause = {"reason": "ExitCode", "message": str(code)}
    end = {"status": "Failure", "details": {"causes": [cause]}} if code else {"status": "Success"}
    send(handler.wfile, BINARY, STATUS + json.dumps(end).encode())
    send(handler.wfile, CLOSE, b"")
    handler.close_connection = True


def receive(stream) -> bytes:
    """The content of a client's frame, which is masked."""
    _kind, short = stream.read(2)
    length = short & 0x7F
    if length == 126:
        (length,) = struct.unpack(">H", stream.read(2))
    elif length == 127:
        (length,) = struct.unpack(">Q", stream.read(8))
    mask = stream.read(4)
    return bytes(byte ^ mask[place % 4] for place, byte in enumerate(stream.read(length)))


def send(stream, kind: int, content: bytes) -> None:
    stream.write(struct.pack(">BBQ", kind, 127, len(content)) + content)
