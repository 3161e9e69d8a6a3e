"""What goes over the wire of a node that is a container on this machine."""

from __future__ import annotations

import contextlib
import re
import subprocess
import time

# Types of TLS records and of the handshake's messages (RFC 8446, 4 and 5.1).
_HANDSHAKE, _CLIENT_HELLO, _SERVER_HELLO = 22, 1, 2
MOST_FILES = 99


class Capture:
    """`dropped` is how many packets the kernel kept to itself, once the capture has ended."""

    def __init__(self, path):
        self.path, self.dropped = path, None

    @property
    def files(self):
        return sorted(self.path.parent.glob(f"{self.path.name}*"))

    @property
    def content(self):
        return b"".join(file.read_bytes() for file in self.files)

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
def capture(node, path, ports=(), megabytes=None):
    """Records the packets of these ports, or all, on every interface of the node while the block runs.

    With `megabytes` into files of so many, which are never more than MOST_FILES: the oldest one would be written again.
    """
    ring = ["-C", str(megabytes), "-W", str(MOST_FILES), "-Z", "root"] if megabytes else ["-U"]
    words = " or ".join(f"tcp port {port}" for port in ports)
    options = [
        "-i",
        "any",
        "-y",
        "LINUX_SLL2",
        "-B",
        "65536",
        "-s",
        "0",
        *ring,
        "-w",
        str(path),
        *([words] if words else []),
    ]
    command = ["nsenter", "--target", process_id_of(node), "--net", "tcpdump", *options]
    captured = Capture(path)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as tcpdump:
        # It says when it listens.
        if "listening" not in "".join(iter_until(tcpdump.stderr, "listening")):
            raise RuntimeError("tcpdump did not start")
        try:
            yield captured
        finally:
            time.sleep(1)
            tcpdump.terminate()
            captured.dropped = int(re.search(r"(\d+) packets? dropped by kernel", tcpdump.stderr.read())[1])


def iter_until(lines, word):
    for line in lines:
        yield line
        if word in line:
            return
