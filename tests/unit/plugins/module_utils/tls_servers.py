# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A CA, and servers with certificates of it."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof import tls
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SERVICE_NAME = "falco-falcosidekick"
NAME = f"{SERVICE_NAME}.falco.svc"


def pem_of(certificate, key):
    return certificate.public_bytes(serialization.Encoding.PEM), key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def issue(name, ca=None):
    """A CA, or a certificate of one."""
    now = datetime.datetime.now(datetime.timezone.utc)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer, signing_key = (ca[0].subject, ca[1]) if ca else (subject, key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if ca:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca[1].public_key())
        names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        builder = builder.add_extension(identifier, critical=False).add_extension(names, critical=False)
    else:
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(x509.BasicConstraints(True, None), critical=True)
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(signing_key, hashes.SHA256()), key


def make_pki():
    """A CA, the server's certificate and a client's, in PEM."""
    ca = issue("ca")
    return {"ca": pem_of(*ca)[0].decode(), "server": issue(NAME, ca), "client": b"".join(pem_of(*issue("falco", ca)))}


def _server_context(pki, version, protocol):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tls._memory_file(b"".join(pem_of(*pki["server"]))) as path:
        context.load_cert_chain(path)
    context.load_verify_locations(cadata=pki["ca"])
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_alpn_protocols([protocol])
    if version:
        context.maximum_version = version
    return context


@contextlib.contextmanager
def listening(serve):
    """A connection to a server that handles one client."""
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=lambda: serve(listener.accept()[0]), daemon=True)
    thread.start()
    with socket.create_connection(listener.getsockname()) as connection:
        yield connection
    thread.join(5)
    listener.close()


def tls_server(pki, version=None, protocol="http/1.1"):
    """A server that wants a client certificate; it answers 405 as the receiver does to a GET, or as gRPC does."""
    context = _server_context(pki, version, protocol)

    def serve(connection):
        with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as session:
            if protocol == "h2":
                session.sendall(bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
                assert session.recv(4096).startswith(b"PRI * HTTP/2.0")
                return
            session.recv(4096)
            session.sendall(b"HTTP/1.1 405 Method Not Allowed\r\n\r\n")

    return listening(serve)


def silent_server(pki, version=None):
    """As the gRPC server of Falco: it keeps the alert to itself and closes the connection."""
    context = _server_context(pki, version, "h2")

    def serve(connection):
        read, write = ssl.MemoryBIO(), ssl.MemoryBIO()
        session = context.wrap_bio(read, write, server_side=True)
        with connection, contextlib.suppress(ssl.SSLError, OSError):
            while True:
                try:
                    session.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    connection.sendall(write.read())
                    read.write(connection.recv(4096) or b"nothing")
            session.write(bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
            connection.sendall(write.read())
            while connection.recv(4096):
                pass

    return listening(serve)


@contextlib.contextmanager
def answering(content):
    """A connection whose other end has sent this and closed."""
    ours, theirs = socket.socketpair()
    theirs.sendall(content)
    theirs.shutdown(socket.SHUT_WR)
    with ours, theirs:
        yield ours
