# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client trusts in a Grafana with HTTPS. Private to the collection."""

from __future__ import annotations

import ssl
import typing as t

from ansible.module_utils.urls import make_context


class Trust(t.NamedTuple):
    """The CA of a certificate, in PEM, and the name that it is valid for, whatever address leads to the server."""

    ca: str
    server_name: str


def are_certificates(text: str) -> bool:
    """Whether it is one certificate in PEM, or more."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ValueError, ssl.SSLError):
        return False
    return True


class _Context(ssl.SSLContext):
    """Expects one name, not that of the address: a node's, through which a Service is reached, is in no certificate."""

    server_name: str

    def wrap_socket(self, *args: t.Any, **options: t.Any) -> ssl.SSLSocket:
        return super().wrap_socket(*args, **{**options, "server_hostname": self.server_name})


def context_of(params: dict[str, t.Any]) -> ssl.SSLContext:
    """The context for the connection options; params["trust"] is what the cluster says of the certificate."""
    trust: Trust | None = params.get("trust")
    if trust is None:
        return make_context(
            cafile=params["ca_path"],
            validate_certs=params["validate_certs"],
            client_cert=params["client_cert"],
            client_key=params["client_key"],
        )
    # It validates certificates and names by default.
    context = _Context(ssl.PROTOCOL_TLS_CLIENT)
    context.server_name = trust.server_name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cadata=trust.ca)
    if params["client_cert"]:
        context.load_cert_chain(params["client_cert"], params["client_key"])
    return context
