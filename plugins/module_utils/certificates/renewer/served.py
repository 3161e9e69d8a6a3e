# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates that servers show. Private to the collection."""

from __future__ import annotations

import contextlib
import socket
import ssl
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import x509

_SECONDS = 5


class Server(t.NamedTuple):
    """A server, and the certificate that it is to show."""

    certificate: str
    host: str
    port: int


def not_after(server: Server) -> float | None:
    """When the certificate that the server shows now ends, in Unix seconds; None where it shows none.

    With TLS 1.3 a server shows its certificate before it asks for one. It is read, not trusted.
    """
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    with contextlib.suppress(OSError, ValueError):
        address = (server.host, server.port)
        with socket.create_connection(address, _SECONDS) as plain, tls.wrap_socket(plain) as connection:
            shown = connection.getpeercert(binary_form=True)
        found = x509.load_certificate(ssl.DER_cert_to_PEM_cert(shown).encode()) if shown else None
        return None if found is None else x509.not_after(found).timestamp()
    return None
