# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""None"""

from __future__ import annotations

import ssl

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof import tls
from tls_servers import NAME, answering, issue, make_pki, pem_of, silent_server, tls_server


@pytest.fixture(scope="module")
def pki():
    return make_pki()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_right_certificate_gets_in(pki, version):
    with tls_server(pki, version) as connection:
        reply = tls.tls_http(connection, tls.client_context(pki["ca"], pki["client"]), NAME)
    assert reply == ("answered", f"{version.name.replace('_', '.')}, HTTP/1.1 405 Method Not Allowed")


def test_a_server_that_speaks_grpc_answers_with_its_settings(pki):
    with tls_server(pki, protocol="h2") as connection:
        reply = tls.tls_http(connection, tls.client_context(pki["ca"], pki["client"]), NAME)
    assert reply == ("answered", "TLSv1.3, HTTP/2")
    with tls_server(pki, protocol="h2") as connection:
        reply = tls.tls_http(connection, tls.client_context(pki["ca"], None), NAME)
    assert reply.verdict == "refused"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("certificate", [lambda: None, tls.foreign_certificate])
def test_no_certificate_and_a_foreign_one_are_refused(pki, version, certificate):
    with tls_server(pki, version) as connection:
        reply = tls.tls_http(connection, tls.client_context(pki["ca"], certificate()), NAME)
    assert reply.verdict == "refused"
    assert "ALERT" in reply.text


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("certificate", [lambda: None, tls.foreign_certificate])
def test_a_server_that_hangs_up_leaves_open_whether_it_refuses(pki, version, certificate):
    with silent_server(pki, version) as connection:
        reply = tls.tls_http(connection, tls.client_context(pki["ca"], certificate()), NAME)
    assert reply.verdict == "closed"
    assert reply.text.endswith("connection closed without an answer")


@pytest.mark.parametrize("ask", [lambda connection: tls.tls_1_1(connection, NAME), tls.plain_http])
def test_a_server_that_hangs_up_on_other_clients_than_tls_ones(pki, ask):
    with silent_server(pki) as connection:
        assert ask(connection).verdict == "closed"


def test_a_server_of_another_ca_is_no_refusal(pki):
    other = pem_of(*issue("other"))[0].decode()
    with tls_server(pki) as connection:
        reply = tls.tls_http(connection, tls.client_context(other, None), NAME)
    assert reply.verdict == "unreachable"
    assert "not trusted" in reply.text


def test_tls_1_1_is_refused_by_a_real_server(pki):
    with tls_server(pki) as connection:
        assert tls.tls_1_1(connection, NAME) == ("refused", "alert protocol_version")


@pytest.mark.parametrize(
    "content, verdict",
    [
        (b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n", "refused"),
        (b"\x15\x03\x03\x00\x02\x02\x28", "refused"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "answered"),
        (b"HTTP/1.1 405 Method Not Allowed\r\n\r\n", "answered"),
        (b"", "closed"),
    ],
)
def test_plain_http(content, verdict):
    with answering(content) as connection:
        assert tls.plain_http(connection).verdict == verdict


@pytest.mark.parametrize(
    "content, verdict",
    [
        (b"\x15\x03\x01\x00\x02\x02\x46", "refused"),
        (b"\x16\x03\x02\x00\x31\x02", "answered"),
        (b"", "closed"),
    ],
)
def test_tls_1_1(content, verdict):
    with answering(content) as connection:
        assert tls.tls_1_1(connection, NAME).verdict == verdict


def test_the_hello_is_one_whole_record():
    hello = tls.client_hello_1_1(NAME)
    assert hello[:3] == b"\x16\x03\x01"
    assert int.from_bytes(hello[3:5], "big") == len(hello) - 5
    assert int.from_bytes(hello[6:9], "big") == len(hello) - 9
    assert hello[9:11] == b"\x03\x02"
    assert NAME.encode() in hello
