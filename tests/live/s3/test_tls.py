# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutual TLS of the real Loki with its lines in S3: who is refused, and what can be read on the way."""

from __future__ import annotations

import contextlib
import socket

import pytest

from ..loki.cluster import wait_for
from . import configuration
from .certificates import Certificates, answer
from .layouts import (
    BACKEND,
    BATCH,
    DISTRIBUTED,
    DISTRIBUTED_NAMES,
    DISTRIBUTOR,
    FRONTEND,
    LINES,
    NAMES,
    READER,
    REPLICAS,
    SCALED_NAMES,
    WRITERS,
    missing,
    push,
)
from .processes import Loki, running
from .wire import heard


def refusals(loki: Loki, others: Certificates) -> dict[str, dict[int, str]]:
    clients = {
        "a certificate of the CA": loki.tls.context("agent"),
        "no certificate": loki.tls.context(),
        "a certificate of another CA": other_ca(loki.tls, others),
        "no TLS": None,
    }
    return {
        name: {port: answer(loki.address, port, context) for port in (3443, 9095, 7946)}
        for name, context in clients.items()
    }


def other_ca(ours: Certificates, others: Certificates):
    context = ours.context()
    context.load_cert_chain(others.of("agent") / "tls.crt", others.of("agent") / "tls.key")
    return context


def test_a_killed_replica_costs_no_acknowledged_line_and_all_ends_by_itself(
    tmp_path, secured, certificates, store, keys
):
    config = configuration.of_the_role(tmp_path / "chart", secured)
    lokis = [Loki(tmp_path, address, tls=certificates) for address in REPLICAS]
    *others, victim = lokis
    with running(lokis, config, NAMES, keys):
        with heard(b"line ", *REPLICAS) as words:
            taken = push(lokis, "line", after=lambda batch: victim.kill() if batch == LINES // BATCH // 2 else None)
            assert [missing(loki, taken) for loki in others] == [set(), set()]
        print(f"one of three killed: the others find {len(taken)} of {len(taken)} acknowledged lines")
        print(
            f"frames on the wire, and those with a line that can be read: {dict(words.frames)}, {dict(words.readable)}"
        )
        assert {port for port, frames in words.frames.items() if frames} >= {3443, 9095, 7946}
        assert not words.readable
        print(f"stopped in {', '.join(f'{loki.stop():.1f}' for loki in others)} s: {len(store.chunks())} chunks in S3")
    with running(lokis, config, NAMES, keys):
        assert [missing(loki, taken) for loki in lokis] == [set()] * 3
        print(f"with empty volumes: each of {len(lokis)} replicas finds {len(taken)} lines in S3")
        seen = refusals(lokis[0], Certificates(tmp_path / "other", secured))
        for client, answers in seen.items():
            print(f"{client}: {answers}")
        nobody = {3443: "refused", 9095: "refused"}
        # Gossip is encrypted, and asks no client for a certificate: a network policy closes its port.
        assert seen == {
            "a certificate of the CA": {3443: "answered", 9095: "answered", 7946: "waits"},
            "no certificate": nobody | {7946: "waits"},
            "a certificate of another CA": nobody | {7946: "waits"},
            "no TLS": nobody | {7946: "refused"},
        }


SCALED = dict.fromkeys(WRITERS, "write") | {READER: "read", BACKEND: "backend"}


@pytest.mark.parametrize(
    ("mode", "parts", "names", "takes", "reads"),
    [
        ("simple_scalable", SCALED, SCALED_NAMES, WRITERS, READER),
        ("distributed", DISTRIBUTED, DISTRIBUTED_NAMES, [DISTRIBUTOR], FRONTEND),
    ],
)
def test_parts_speak_tls(tmp_path, secured, store, keys, mode, parts, names, takes, reads):
    inputs = secured | {"loki_stack_mode": mode}
    config = configuration.of_the_role(tmp_path / "chart", inputs)
    tls = Certificates(tmp_path / "tls", inputs)
    lokis = {address: Loki(tmp_path, address, target, tls) for address, target in parts.items()}
    reader = lokis[reads]
    with running(list(lokis.values()), config, names, keys), heard(b"line ", *parts) as words:
        taken = push([lokis[address] for address in takes], "line")
        assert missing(reader, taken) == set()
        print(f"{mode}: {len(taken)} of {len(taken)} lines are found")
        # A live tail.
        with tail(reads, tls) as connection:
            assert lokis[takes[0]].push(["line that is seen at once"])
            wait_for("the line in the tail", lambda: b"line that is seen at once" in connection.recv(2**16), 10)
        seconds = {address: loki.stop() for address, loki in lokis.items()}
    print(f"stopped in {max(seconds.values()):.1f} s at most: {len(store.chunks())} chunks in S3")
    print(f"frames on the wire, and those with a line that can be read: {dict(words.frames)}, {dict(words.readable)}")
    assert not words.readable
    assert store.chunks()


@contextlib.contextmanager
def tail(address, tls):
    request = (
        "GET /loki/api/v1/tail?query=%7Bapp%3D%22s3%22%7D HTTP/1.1\r\nHost: loki\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bG9raS1sb2tpLWxva2ktbA==\r\n\r\n"
    )
    with tls.context("agent").wrap_socket(socket.create_connection((address, 3443), 5)) as connection:
        connection.settimeout(10)
        connection.sendall(request.encode())
        assert b" 101 " in connection.recv(2**16)
        yield connection
