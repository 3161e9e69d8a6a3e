"""What goes over the wire of a node that is a container on this machine."""

from __future__ import annotations

import contextlib
import subprocess
import time

# Types of TLS records and of the handshake's messages (RFC 8446, 4 and 5.1).
_HANDSHAKE, _CLIENT_HELLO, _SERVER_HELLO = 22, 1, 2


class Capture:
    def __init__(self, path):
        self.path = path

    @property
    def content(self):
        return self.path.read_bytes()

    def hellos(self):
        """Numbers of the client's and the server's greetings: so many connections were opened with TLS."""
        content, counted = self.content, {_CLIENT_HELLO: 0, _SERVER_HELLO: 0}
        place = content.find(bytes([_HANDSHAKE, 3]))
        while place >= 0:
            kind = content[place + 5] if place + 5 < len(content) else None
            if kind in counted and content[place + 9 : place + 11] == b"\x03\x03":
                counted[kind] += 1
            place = content.find(bytes([_HANDSHAKE, 3]), place + 1)
        return counted[_CLIENT_HELLO], counted[_SERVER_HELLO]


def process_id_of(node):
    """The first process of a node that is a container, as this machine numbers it."""
    inspect = ["docker", "inspect", "--format", "{{.State.Pid}}", node]
    return subprocess.run(inspect, capture_output=True, text=True, check=True).stdout.strip()


@contextlib.contextmanager
def capture(node, path, ports):
    """Records the packets of these ports on every interface of the node while the block runs."""
    process_id = process_id_of(node)
    words = " or ".join(f"tcp port {port}" for port in ports)
    command = [
        "nsenter",
        "--target",
        process_id,
        "--net",
        "tcpdump",
        "-i",
        "any",
        "-U",
        "-s",
        "0",
        "-w",
        str(path),
        words,
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as tcpdump:
        # It says when it listens.
        if "listening" not in "".join(iter_until(tcpdump.stderr, "listening")):
            raise RuntimeError("tcpdump did not start")
        try:
            yield Capture(path)
        finally:
            time.sleep(1)
            tcpdump.terminate()


def iter_until(lines, word):
    for line in lines:
        yield line
        if word in line:
            return
