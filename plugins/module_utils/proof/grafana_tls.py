# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks: Grafana's port for HTTPS takes neither plain HTTP nor an old TLS. Its certificate was validated to get in."""

from __future__ import annotations

import socket
import time
import typing as t
from urllib.parse import urlsplit

from .tls import TIMEOUT_SECONDS, Reply, plain_http, tls_1_1
from .watch import NotSeen, NotYet, Watch, line

_EVERY_SECONDS = 1
_PORT = 443
NAME = "Grafana refuses {}"


def refusals(watch: Watch, url: str) -> t.Iterator[dict]:
    """url: the address by which Grafana was asked."""
    place = urlsplit(url)
    host, port = place.hostname or "", place.port or _PORT

    def asked(talk: t.Callable[[t.Any], Reply]) -> Reply:
        try:
            with socket.create_connection((host, port), TIMEOUT_SECONDS) as connection:
                reply = talk(connection)
        except OSError as exc:
            raise NotYet(str(exc)) from exc
        if reply.verdict == "unreachable":
            raise NotYet(reply.text)
        return reply

    for who, talk in (
        ("plain HTTP", plain_http),
        ("TLS 1.1", lambda connection: tls_1_1(connection, host)),
    ):
        began = time.monotonic()
        try:
            reply = watch.until(lambda talk=talk: asked(talk), _EVERY_SECONDS).value
        except NotSeen as exc:
            reply = Reply("unreachable", str(exc))
        # Grafana has answered HTTPS by now, so one that hangs up does so because of what it was sent.
        yield line(NAME.format(who), reply.verdict in ("refused", "closed"), time.monotonic() - began, reply.text)
