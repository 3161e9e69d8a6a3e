# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS connections to a server: what each kind of client gets. Keys stay in memory."""

from __future__ import annotations

import contextlib
import datetime
import os
import ssl
import struct
import typing as t

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
except ImportError:  # the module reports it
    x509 = None

TIMEOUT_SECONDS = 10
# How long a refusal may take to arrive after a handshake that is complete for the client.
_REFUSAL_SECONDS = 0.5
_REQUEST = "GET / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n"
# The opening of HTTP/2 with empty settings (RFC 9113, 3.4 and 6.5): a gRPC server answers nothing else.
_OPENING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
_FRAME_HEADER_BYTES = 9
_SETTINGS = 4
_CLOSED = "connection closed without an answer"
_ALERT = 21
_ALERTS = {40: "handshake_failure", 47: "illegal_parameter", 70: "protocol_version", 71: "insufficient_security"}
# Cipher suites of TLS 1.1: ECDHE with ECDSA and RSA keys, and plain RSA.
_OLD_SUITES = (0xC009, 0xC00A, 0xC013, 0xC014, 0x002F, 0x0035)


class Reply(t.NamedTuple):
    """What a client got.

    verdict is answered, refused, closed (the server hung up without a word, which Falco's gRPC server does where others
    send a TLS alert: whether that is a refusal cannot be seen from this connection alone), or unreachable.
    """

    verdict: str
    text: str


@contextlib.contextmanager
def _memory_file(content: bytes) -> t.Iterator[str]:
    """A path for libraries that insist on one; nothing reaches a disk."""
    descriptor = os.memfd_create("pem")
    try:
        os.write(descriptor, content)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def client_context(ca: str, certificate: bytes | None) -> ssl.SSLContext:
    """Trusts this CA only; certificate is a client's certificate followed by its key."""
    context = ssl.create_default_context(cadata=ca)
    context.set_alpn_protocols(["h2", "http/1.1"])
    if certificate:
        with _memory_file(certificate) as path:
            context.load_cert_chain(path)
    return context


def foreign_certificate() -> bytes:
    """A client certificate that is fine in all but its CA, which exists only for this call."""
    now = datetime.datetime.now(datetime.timezone.utc)
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in ("pipeline-proof-ca", "falco")]
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for unused in names)
    certificate = (
        x509.CertificateBuilder()
        .issuer_name(names[0])
        .subject_name(names[1])
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _first_line(connection: t.Any) -> str:
    return connection.recv(4096).decode("latin-1").split("\r\n")[0]


def _speak(session: ssl.SSLSocket, answer: bytes, server_name: str) -> str:
    """What the server says, in the protocol that it chose; empty when it hangs up."""
    if session.selected_alpn_protocol() != "h2":
        session.sendall(_REQUEST.format(server_name).encode())
        return answer.decode("latin-1") + _first_line(session)
    session.sendall(_OPENING)
    while len(answer) < _FRAME_HEADER_BYTES:
        more = session.recv(4096)
        if not more:
            return ""
        answer += more
    return "HTTP/2" if answer[3] == _SETTINGS else f"frame of type {answer[3]} before the settings of HTTP/2"


def tls_http(connection: t.Any, context: ssl.SSLContext, server_name: str) -> Reply:
    """One request over TLS.

    With TLS 1.3 a server refuses a client's certificate only after the handshake is complete for the client. A request
    sent before that would be unread when the server hangs up, and the reset could overtake its alert: so read first.
    """
    connection.settimeout(TIMEOUT_SECONDS)
    version = "no TLS"
    try:
        with context.wrap_socket(connection, server_hostname=server_name) as session:
            version = session.version() or version
            session.settimeout(_REFUSAL_SECONDS)
            early = b""
            with contextlib.suppress(TimeoutError):
                early = session.recv(1)
            session.settimeout(TIMEOUT_SECONDS)
            status = _speak(session, early, server_name)
    except ssl.SSLCertVerificationError as exc:
        return Reply("unreachable", f"the server's own certificate is not trusted: {exc.verify_message}")
    except (ssl.SSLEOFError, ConnectionResetError, BrokenPipeError):
        return Reply("closed", f"{version}, {_CLOSED}")
    except ssl.SSLError as exc:
        reason = exc.reason or str(exc)
        if "ALERT" in reason:
            return Reply("refused", f"{version}, {reason}")
        return Reply("unreachable", f"{version}, {reason}")
    except OSError as exc:
        return Reply("unreachable", f"{version}, {exc}")
    if status.startswith("HTTP/"):
        return Reply("answered", f"{version}, {status}")
    return Reply("unreachable", f"{version}, {status}") if status else Reply("closed", f"{version}, {_CLOSED}")


def plain_http(connection: t.Any) -> Reply:
    """A request without TLS. Go's server answers it with 400 in plain text, others with a TLS alert; gRPC hangs up."""
    connection.settimeout(TIMEOUT_SECONDS)
    try:
        connection.sendall(_REQUEST.format("receiver").encode())
        first = _first_line(connection)
    except (ConnectionResetError, BrokenPipeError):
        first = ""
    except OSError as exc:
        return Reply("unreachable", str(exc))
    if not first:
        return Reply("closed", _CLOSED)
    if first[0] == chr(_ALERT):
        return Reply("refused", _alert(first.encode("latin-1")))
    return Reply("refused" if first.startswith(("HTTP/1.0 400", "HTTP/1.1 400")) else "answered", first)


def _extension(number: int, content: bytes) -> bytes:
    return struct.pack("!HH", number, len(content)) + content


def client_hello_1_1(server_name: str) -> bytes:
    """The first message of a TLS 1.1 client, by hand: today's TLS libraries decline to send one."""
    name = server_name.encode("ascii")
    entry = struct.pack("!BH", 0, len(name)) + name
    extensions = (
        _extension(0, struct.pack("!H", len(entry)) + entry)
        + _extension(10, struct.pack("!HHH", 4, 23, 24))
        + _extension(11, b"\x01\x00")
    )
    suites = b"".join(struct.pack("!H", suite) for suite in _OLD_SUITES)
    body = (
        b"\x03\x02"
        + os.urandom(32)
        + b"\x00"
        + struct.pack("!H", len(suites))
        + suites
        + b"\x01\x00"
        + struct.pack("!H", len(extensions))
        + extensions
    )
    handshake = b"\x01" + struct.pack("!I", len(body))[1:] + body
    return b"\x16\x03\x01" + struct.pack("!H", len(handshake)) + handshake


def _alert(record: bytes) -> str:
    number = record[6] if len(record) > 6 else 0
    return f"alert {_ALERTS.get(number, number)}"


def tls_1_1(connection: t.Any, server_name: str) -> Reply:
    connection.settimeout(TIMEOUT_SECONDS)
    try:
        connection.sendall(client_hello_1_1(server_name))
        answer = connection.recv(4096)
    except (ConnectionResetError, BrokenPipeError):
        answer = b""
    except OSError as exc:
        return Reply("unreachable", str(exc))
    if not answer:
        return Reply("closed", _CLOSED)
    if answer[0] == _ALERT:
        return Reply("refused", _alert(answer))
    return Reply("answered", "the server goes on with the handshake")
