# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody reads who listens on the loopback network; needs root."""

from __future__ import annotations

import collections
import contextlib
import socket
import threading
import typing as t

_ALL_PROTOCOLS = 3
PORTS = (3100, 3443, 7946, 9095)


class Heard(t.NamedTuple):
    """By Loki's port."""

    frames: collections.Counter
    readable: collections.Counter


@contextlib.contextmanager
def heard(words: bytes, *addresses: str) -> t.Iterator[Heard]:
    """Frames to and from these addresses, and those of them in which the words can be read."""
    known = {socket.inet_aton(address) for address in addresses}
    found, ended = Heard(collections.Counter(), collections.Counter()), threading.Event()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL_PROTOCOLS)) as wire:
        wire.bind(("lo", 0))
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**26)
        wire.settimeout(0.5)
        listener = threading.Thread(target=_listen, args=(wire, words, known, found, ended))
        listener.start()
        try:
            yield found
        finally:
            ended.set()
            listener.join()


def _listen(wire: socket.socket, words: bytes, known: set[bytes], found: Heard, ended: threading.Event) -> None:
    while not ended.is_set():
        try:
            frame = wire.recv(2**17)
        except TimeoutError:
            continue
        # Ethernet, IPv4 without options, TCP.
        if frame[12:14] != b"\x08\x00" or frame[23] != socket.IPPROTO_TCP or not known & {frame[26:30], frame[30:34]}:
            continue
        for port in {int.from_bytes(frame[34:36], "big"), int.from_bytes(frame[36:38], "big")} & set(PORTS):
            found.frames[port] += 1
            if words in frame[54:]:
                found.readable[port] += 1
