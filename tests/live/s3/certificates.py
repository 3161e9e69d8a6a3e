# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates as the role wants them, in folders as pods mount them, and what a client without a right one is answered."""

from __future__ import annotations

import datetime
import socket
import ssl
import typing as t
import urllib.request
from pathlib import Path

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import x509
from chart_templates import templated_by

MOUNT = "/etc/loki-tls"
# What a client of HTTP/2 says first.
_HTTP2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
FIRST = {3443: b"GET /ready HTTP/1.1\r\nHost: loki\r\n\r\n", 9095: _HTTP2, 7946: b"\x02"}


class Certificates:
    """All of one CA: `server` and the clients, by the names that the role gives them."""

    def __init__(self, folder: Path, inputs: dict[str, t.Any]) -> None:
        self.folder, self.inputs = folder, inputs
        self.key = x509.new_key()
        self.ca = x509.issue(x509.Subject("the CA", datetime.timedelta(days=2)), self.key)
        self.renew()

    def renew(self) -> None:
        for wanted in templated_by("loki_stack", "__loki_stack_tls_certificates", self.inputs):
            names, usage = tuple(map(str, wanted["subject_alt_names"])), tuple(map(str, wanted["usage"]))
            key = x509.new_key()
            subject = x509.Subject(str(wanted["common_name"]), datetime.timedelta(days=1), usage, names)
            place = self.of(str(wanted["name"]))
            place.mkdir(parents=True, exist_ok=True)
            (place / "tls.crt").write_bytes(x509.certificate_pem(x509.issue(subject, key, self.ca, self.key)))
            (place / "tls.key").write_bytes(x509.key_pem(key))
            (place / "ca.crt").write_bytes(x509.certificate_pem(self.ca))

    def of(self, name: str) -> Path:
        return self.folder / name

    def context(self, client: str = "") -> ssl.SSLContext:
        """Of a client with this certificate, or with none; it asks an address, which no certificate names."""
        context = ssl.create_default_context(cafile=str(self.of("agent") / "ca.crt"))
        context.check_hostname = False
        if client:
            context.load_cert_chain(self.of(client) / "tls.crt", self.of(client) / "tls.key")
        return context

    def opener(self) -> urllib.request.OpenerDirector:
        handlers = (urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=self.context("agent")))
        return urllib.request.build_opener(*handlers)


def answer(address: str, port: int, context: ssl.SSLContext | None) -> str:
    """What a server answers to the first words of its protocol: `refused`, `answered`, or that it waits for more of them."""
    if context:
        context.set_alpn_protocols(["h2" if port == 9095 else "http/1.1"])
    with socket.create_connection((address, port), 5) as plain:
        try:
            connection = context.wrap_socket(plain) if context else plain
            connection.settimeout(2)
            # Less than a record of TLS would keep a server with TLS waiting.
            connection.sendall(FIRST[port] if context else FIRST[port] * 16)
            words = connection.recv(1024)
        except TimeoutError:
            return "waits"
        except OSError:
            return "refused"
    # Nothing, an alert of TLS, or what Loki's HTTP server says of plain HTTP on a port with TLS.
    return "refused" if not words or words[:1] == b"\x15" or b"HTTP request to an HTTPS server" in words else "answered"
