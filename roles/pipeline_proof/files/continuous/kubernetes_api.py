# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API server, as the account of the pod may use it, with Python's own library alone."""

from __future__ import annotations

import base64
import http.client
import json
import os
import ssl
import struct
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
SECONDS = 15
_TEXT, _BINARY, _CLOSE, _PING, _PONG = 1, 2, 8, 9, 10
_OUTPUT, _STATUS = 1, 3


class ApiError(Exception):
    """The API server did not answer, or refused; status is 0 without an answer."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class Api:
    """One connection, which is kept: each new one is an event of the rule on connections to the API server."""

    def __init__(self, host: str, port: int, account: str = ACCOUNT, tls: ssl.SSLContext | None = None) -> None:
        self._host, self._port, self._account = host, port, account
        self._tls = tls or ssl.create_default_context(cafile=os.path.join(account, "ca.crt"))
        self._connection: http.client.HTTPSConnection | None = None

    def _headers(self) -> dict[str, str]:
        # The kubelet replaces the token before it expires.
        with open(os.path.join(self._account, "token"), encoding="utf-8") as file:
            return {"Authorization": f"Bearer {file.read().strip()}", "Accept": "application/json"}

    def _connected(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(self._host, self._port, timeout=SECONDS, context=self._tls)

    def call(self, method: str, path: str, body: dict | None = None) -> dict[str, Any]:
        """The answer of a request; a connection that was closed meanwhile is opened again once."""
        content = json.dumps(body).encode() if body is not None else None
        headers = {**self._headers(), **({"Content-Type": "application/json"} if content else {})}
        for again in (True, False):
            kept = self._connection is not None
            self._connection = self._connection or self._connected()
            try:
                self._connection.request(method, path, content, headers)
                answer = self._connection.getresponse()
                text = answer.read()
                break
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if not (again and kept):
                    raise ApiError(f"{method} {path}: {type(error).__name__}: {error}") from error
        try:
            found = json.loads(text)
        except ValueError:
            found = {}
        if answer.status >= 300:
            raise ApiError(f"{method} {path}: {answer.status} {found.get('message', '')}".rstrip(), answer.status)
        return found

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def run_on_terminal(self, namespace: str, pod: str, command: list[str]) -> str:
        """What a command printed that was run in a pod on a terminal; raises ApiError where it failed."""
        # Without an input, though nothing is written to it, containerd 1.6 delivers no output of a terminal.
        streams = [("stdin", "1"), ("stdout", "1"), ("tty", "1")]
        query = urlencode([*(("command", word) for word in command), *streams])
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/exec?{query}"
        connection = self._connected()
        try:
            return _output(self._upgraded(connection, path), pod)
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(f"exec in pod {pod}: {type(error).__name__}: {error}") from error
        finally:
            connection.close()

    def _upgraded(self, connection: http.client.HTTPSConnection, path: str) -> Any:
        headers = {
            **self._headers(),
            # The API server offers no kind of content here, and refuses one that is asked for.
            "Accept": "*/*",
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Protocol": "v4.channel.k8s.io",
        }
        connection.request("GET", path, headers=headers)
        stream = connection.sock.makefile("rwb")
        status = stream.readline().decode(errors="replace").split(" ", 2)
        length = 0
        while True:
            line = stream.readline().strip().lower()
            if not line:
                break
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        if status[1:2] != ["101"]:
            text = stream.read(min(length, 2000)).decode(errors="replace")
            raise ApiError(f"exec: {' '.join(status[1:]).strip()} {text}".rstrip(), int(status[1]) if status[1:] else 0)
        return stream


def frames(stream: Any) -> Iterator[tuple[int, bytes]]:
    """Kind and content of each frame that a server sends (RFC 6455, section 5.2); parts of a message one by one."""
    while True:
        head = stream.read(2)
        if len(head) < 2:
            return
        size = head[1] & 0x7F
        if size == 126:
            size = struct.unpack("!H", stream.read(2))[0]
        elif size == 127:
            size = struct.unpack("!Q", stream.read(8))[0]
        yield head[0] & 0x0F, stream.read(size)


def frame(kind: int, content: bytes) -> bytes:
    """A frame of a client, masked as the protocol demands; for control frames, which are short."""
    mask = os.urandom(4)
    return (
        bytes([0x80 | kind, 0x80 | len(content)])
        + mask
        + bytes(byte ^ mask[place % 4] for place, byte in enumerate(content))
    )


def _output(stream: Any, pod: str) -> str:
    output, deadline = b"", time.monotonic() + SECONDS
    for kind, content in frames(stream):
        if kind == _PING:
            stream.write(frame(_PONG, content))
            stream.flush()
        elif kind == _CLOSE:
            break
        elif kind in (_TEXT, _BINARY) and content[:1] == bytes([_OUTPUT]):
            output += content[1:]
        elif kind in (_TEXT, _BINARY) and content[:1] == bytes([_STATUS]):
            status = json.loads(content[1:])
            if status.get("status") != "Success":
                printed = output.decode(errors="replace").strip()
                raise ApiError(f"exec in pod {pod}: {status.get('message')}; it printed {printed!r}")
            return output.decode(errors="replace")
        if time.monotonic() > deadline:
            raise ApiError(f"exec in pod {pod}: not over after {SECONDS} s")
    raise ApiError(f"exec in pod {pod}: the connection was closed before it was over")
