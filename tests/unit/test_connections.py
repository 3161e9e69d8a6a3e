# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the live tests read of a capture."""

from __future__ import annotations

import gzip
import struct

import pytest
from live.hops.connections import connections

CLIENT, SERVER = (bytes([10, 0, 0, 1]), 40000), (bytes([10, 0, 0, 2]), 3443)
SYN, ACK = 0x02, 0x10
HELLO = b"\x16\x03\x01\x02\x00\x01hello"
START = 4_294_967_290


def packet(source, target, number, data=b"", flags=ACK):
    tcp = struct.pack(">HHIIBBHHH", source[1], target[1], number % (1 << 32), 0, 5 << 4, flags, 0, 0, 0) + data
    ip = struct.pack(">BBHIBBH", 0x45, 0, 20 + len(tcp), 0, 64, 6, 0) + source[0] + target[0]
    # Ethernet pads what is short.
    frame = struct.pack(">HHIHBB8x", 0x0800, 0, 1, 1, 0, 6) + ip + tcp + b"\0\0"
    return struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame


def opened(*said, first=START):
    """A connection's packets, and what its client and its server say."""
    packets = [packet(CLIENT, SERVER, first, flags=SYN)]
    numbers = {CLIENT: first + 1, SERVER: 77}
    for speaker, data in said:
        packets.append(packet(speaker, SERVER if speaker is CLIENT else CLIENT, numbers[speaker], data))
        numbers[speaker] += len(data)
    return packets


def datagram(source, target, data):
    udp = struct.pack(">HHHH", source[1], target[1], 8 + len(data), 0) + data
    ip = struct.pack(">BBHIBBH", 0x45, 0, 20 + len(udp), 0, 64, 17, 0) + source[0] + target[0]
    frame = struct.pack(">HHIHBB8x", 0x0800, 0, 1, 1, 0, 6) + ip + udp
    return struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame


@pytest.fixture
def read(tmp_path):
    def read(*packets):
        file = tmp_path / "wire"
        header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 276)
        file.write_bytes(header + b"".join(packets))
        return connections([file])

    return read


def test_what_begins_with_tls_is_secured(read):
    (one,) = read(*opened((CLIENT, HELLO), (SERVER, HELLO), (CLIENT, b"\x17\x03\x03\x00\x02ab")))
    assert (one.secured, one.server, list(one.texts())) == (True, SERVER, [b"", b""])


def test_what_ends_with_tls_is_not(read):
    """A server with TLS answers plain HTTP with an alert."""
    (one,) = read(*opened((CLIENT, b"GET / HTTP/1.0\r\n\r\n"), (SERVER, b"\x15\x03\x01\x00\x02\x02F")))
    assert (one.secured, one.said(CLIENT)) == (False, b"GET / HTTP/1.0\r\n\r\n")


def test_nothing_said_is_neither(read):
    assert [one.secured for one in read(*opened())] == [None]


def test_each_byte_is_read_once_and_in_order(read):
    """Over the end of the numbers, on two interfaces, sent again, and in parts of another size."""
    syn, *parts = opened((CLIENT, b"one "), (CLIENT, b"two "), (CLIENT, b"three"))
    again = packet(CLIENT, SERVER, START + 3, b"e two three")
    (one,) = read(syn, syn, parts[2], parts[0], parts[0], again, parts[1])
    assert one.said(CLIENT) == b"one two three"


def test_what_is_missing_is_seen(read):
    syn, first, _second, third = opened((CLIENT, b"one "), (CLIENT, b"two "), (CLIENT, b"three"))
    (one,) = read(syn, first, third)
    assert one.said(CLIENT) == b"one \0three"


def test_the_same_ports_again_are_another_connection(read):
    found = read(*opened((CLIENT, HELLO)), *opened((CLIENT, b"GET"), first=9))
    assert [one.secured for one in found] == [True, False]


def test_one_of_before_the_capture_is_secured_by_anybodys_record(read):
    data = packet(SERVER, CLIENT, 5, b"\x17\x03\x03\x00\x02ab")
    begun = packet(SERVER, CLIENT, 3, b"..")
    assert [(one.secured, one.server) for one in read(begun, data)] == [(True, SERVER)]
    assert [(one.secured, one.said(SERVER)) for one in read(begun)] == [(False, b"..")]


def test_compressed_and_chunked_bodies_are_read(read):
    body = gzip.compress(b"numbered line 1\n" * 500)
    whole = b"POST / HTTP/1.1\r\nContent-Encoding: gzip\r\n\r\n" + body
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:11], body[11:]))
    parts = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n" + chunks + b"0\r\n\r\n"
    (one,) = read(*opened((CLIENT, whole), (SERVER, parts)))
    assert [text.count(b"numbered line 1\n") for text in one.texts()] == [0, 500, 0, 0, 500]


def test_datagrams_are_in_clear(read):
    found = read(datagram(CLIENT, SERVER, b"question"), datagram(SERVER, CLIENT, b"answer"))
    assert [(one.secured, one.server, b"".join(one.texts())) for one in found] == [
        (False, SERVER, b"question"),
        (False, SERVER, b"answer"),
    ]
