# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connections of a capture: who spoke to which port, whether with TLS, and what was said where it was not.

A packet of UDP is a connection of its own.

A packet is seen on each interface that it passes, and with the address of a Service before it has that of a pod.
"""

from __future__ import annotations

import contextlib
import ipaddress
import itertools
import re
import struct
import typing as t
import zlib
from pathlib import Path

# tcpdump's file on this machine, and its header for packets of any interface (LINKTYPE_LINUX_SLL2).
_MAGIC, _ANY_INTERFACE, _FILE_HEADER, _RECORD_HEADER, _SLL2_HEADER = 0xA1B2C3D4, 276, 24, 16, 20
_IPV4, _IPV6, _TCP, _UDP = 0x0800, 0x86DD, 6, 17
_SYN, _ACK = 0x02, 0x10
_HALF, _ALL = 1 << 31, (1 << 32) - 1
# Change of cipher, alert, handshake, data; version 3.x; at most 2^14 bytes and some of the cipher's (RFC 8446, 5).
_TLS_RECORD = re.compile(rb"[\x14-\x17]\x03[\x00-\x04][\x00-\x41].", re.DOTALL)
_GZIP = b"\x1f\x8b\x08"
_CHUNKED = re.compile(rb"transfer-encoding: *chunked\r\n(?:[^\r\n]+\r\n)*\r\n", re.IGNORECASE)
_CHUNK = re.compile(rb"([0-9a-fA-F]+)\r\n")

Place = tuple[bytes, int]


class Connection:
    """`secured` is None as long as nothing was said; of a connection with TLS nothing is kept."""

    def __init__(self, client: Place, server: Place, first: int | None) -> None:
        self.client, self.server, self.first = client, server, first
        self.secured: bool | None = None
        # What the client said, and the server, by number.
        self._said: dict[Place, dict[int, bytes]] = {client: {}, server: {}}

    def __str__(self) -> str:
        return " > ".join(f"{ipaddress.ip_address(address)}:{port}" for address, port in (self.client, self.server))

    def add(self, speaker: Place, number: int, data: bytes) -> None:
        if self.secured:
            return
        record = bool(_TLS_RECORD.match(data))
        # The client's first words decide; where they were said before the capture began, those of anybody do.
        if self.first is None:
            self.secured = self.secured or record or None
        elif speaker == self.client and number == (self.first + 1) & _ALL and self.secured is None:
            self.secured = record
        if self.secured:
            self._said = {}
        elif len(data) > len(self._said[speaker].get(number, b"")):
            self._said[speaker][number] = data

    def end(self) -> None:
        """What was said and was no TLS was in clear."""
        if self.secured is None and any(self._said.values()):
            self.secured = False

    def said(self, speaker: Place) -> bytes:
        """In the order of its numbers, and each byte once; where packets are missing there is a zero."""
        parts = self._said.get(speaker)
        if not parts:
            return b""
        base, text, end = next(iter(parts)), bytearray(), None
        for distance, data in sorted((((number - base + _HALF) & _ALL), data) for number, data in parts.items()):
            known = 0 if end is None else max(0, end - distance)
            if end is not None and distance > end:
                text += b"\0"
            text += data[known:]
            end = max(end or 0, distance + len(data))
        return bytes(text)

    def texts(self) -> t.Iterator[bytes]:
        """All that was said in clear, and again what of it was compressed or sent in chunks."""
        for speaker in (self.client, self.server):
            said = self.said(speaker)
            for text in (said, *_without_chunks(said)):
                yield text
                yield from _unpacked(text)


def _without_chunks(text: bytes) -> t.Iterator[bytes]:
    """The bodies of HTTP messages whose length was not known at their start."""
    for header in _CHUNKED.finditer(text):
        body, place = b"", header.end()
        while (size := _CHUNK.match(text, place)) and int(size[1], 16):
            end = size.end() + int(size[1], 16)
            body, place = body + text[size.end() : end], end + len(b"\r\n")
        yield body


def _unpacked(text: bytes) -> t.Iterator[bytes]:
    place = text.find(_GZIP)
    while place >= 0:
        # As far as it goes: a message may have been truncated.
        unpacker, unpacked = zlib.decompressobj(16 + zlib.MAX_WBITS), b""
        with contextlib.suppress(zlib.error):
            for begin in range(place, len(text), 4096):
                unpacked += unpacker.decompress(text[begin : begin + 4096])
        if unpacked:
            yield unpacked
        place = text.find(_GZIP, place + 1)


class _Packet(t.NamedTuple):
    """`number` is None for UDP."""

    source: Place
    target: Place
    number: int | None
    flags: int
    data: bytes


def _packets(file: Path) -> t.Iterator[_Packet]:
    content = file.read_bytes()
    (magic,), (kind,) = struct.unpack_from("<I", content), struct.unpack_from("<I", content, 20)
    if (magic, kind) != (_MAGIC, _ANY_INTERFACE):
        raise ValueError(f"{file} is no capture of all interfaces: {magic:#x}, {kind}")
    place = _FILE_HEADER
    while place + _RECORD_HEADER <= len(content):
        (length,) = struct.unpack_from("<I", content, place + 8)
        packet = content[place + _RECORD_HEADER : place + _RECORD_HEADER + length]
        place += _RECORD_HEADER + length
        found = _parsed(packet)
        if found:
            yield found


def _parsed(packet: bytes) -> _Packet | None:
    (kind,) = struct.unpack_from(">H", packet)
    ip = _SLL2_HEADER
    if kind == _IPV4:
        protocol, inner, size = packet[ip + 9], ip + (packet[ip] & 15) * 4, packet[ip + 2 : ip + 4]
        end, source, target = ip + int.from_bytes(size, "big"), packet[ip + 12 : ip + 16], packet[ip + 16 : ip + 20]
    elif kind == _IPV6:
        protocol, inner, size = packet[ip + 6], ip + 40, packet[ip + 4 : ip + 6]
        end, source, target = inner + int.from_bytes(size, "big"), packet[ip + 8 : ip + 24], packet[ip + 24 : ip + 40]
    else:
        return None
    if protocol not in (_TCP, _UDP):
        return None
    source_port, target_port, number = struct.unpack_from(">HHI", packet, inner)
    places = ((source, source_port), (target, target_port))
    if protocol == _UDP:
        return _Packet(*places, None, 0, packet[inner + 8 : end])
    return _Packet(*places, number, packet[inner + 13], packet[inner + (packet[inner + 12] >> 4) * 4 : end])


def _begun(packet: _Packet) -> Connection:
    """One whose first words are not in the capture. Servers mostly have the lower port."""
    client, server = sorted((packet.source, packet.target), key=lambda place: -place[1])
    return Connection(client, server, None)


def connections(files: t.Iterable[Path]) -> list[Connection]:
    found: list[Connection] = []
    current: dict[frozenset[Place], Connection] = {}
    for packet in itertools.chain.from_iterable(map(_packets, files)):
        if packet.number is None:
            found.append(_begun(packet))
            found[-1].add(packet.source, 0, packet.data)
            continue
        pair = frozenset((packet.source, packet.target))
        known = current.get(pair)
        if packet.flags & (_SYN | _ACK) == _SYN:
            # The same one on another interface, or the next one of these ports.
            if known is None or known.first != packet.number:
                current[pair] = known = Connection(packet.source, packet.target, packet.number)
                found.append(known)
        elif known is None:
            current[pair] = known = _begun(packet)
            found.append(known)
        if packet.data:
            known.add(packet.source, packet.number, packet.data)
    for connection in found:
        connection.end()
    return found
