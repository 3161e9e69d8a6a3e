# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loki and Prometheus, asked directly."""

from __future__ import annotations

import base64
import json
import os
import ssl
import time
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from kubernetes_api import ApiError

SECONDS = 10
# The nodes' clocks may differ from this one's.
SKEW_SECONDS = 60
MOST_LINES = 5000
# The age of a client certificate at most, in seconds.
REREAD_SECONDS = 15


class NoAnswer(Exception):
    """It cannot be reached, or answers with an error."""


def client_tls(secret: dict[str, str]) -> ssl.SSLContext:
    """What a client with the data of a TLS Secret (base64) trusts and shows; ValueError, KeyError or OSError where it has none."""
    trusted, certificate, key = (base64.b64decode(secret[name]) for name in ("ca.crt", "tls.crt", "tls.key"))
    context = ssl.create_default_context(cadata=trusted.decode())
    # Python takes a certificate from a file only: one in memory.
    file = os.memfd_create("client")
    try:
        os.write(file, certificate + b"\n" + key)
        context.load_cert_chain(f"/proc/self/fd/{file}")
    finally:
        os.close(file)
    return context


def _opener(tls: ssl.SSLContext | None = None) -> urllib.request.OpenerDirector:
    """No proxy, and no redirection to another address."""
    opener = urllib.request.OpenerDirector()
    https = urllib.request.HTTPSHandler(context=tls)
    for handler in (urllib.request.HTTPHandler(), https, urllib.request.HTTPDefaultErrorHandler()):
        opener.add_handler(handler)
    opener.add_handler(urllib.request.HTTPErrorProcessor())
    return opener


def _ask(
    opener: urllib.request.OpenerDirector, url: str, path: str, query: dict[str, Any], headers: dict[str, str]
) -> dict[str, Any]:
    request = urllib.request.Request(f"{url.rstrip('/')}{path}?{urlencode(query)}", headers=headers)
    try:
        with opener.open(request, timeout=SECONDS) as answer:
            return json.loads(answer.read())["data"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoAnswer(f"{url}: {type(error).__name__}: {error}") from error


class _Source:
    """`secret` reads the data of the Secret with the client's certificate, which may be replaced at any time."""

    def __init__(self, url: str, secret: Callable[[], dict[str, str]] | None = None) -> None:
        self._url = url
        self._secret, self._read_at, self._failure = secret, float("-inf"), ""
        self._opener = _opener()

    def _asked_by(self) -> urllib.request.OpenerDirector:
        # Not at each question: many reads of Secrets are a detection on the audit log.
        if self._secret and time.monotonic() - self._read_at >= REREAD_SECONDS:
            self._read_at, self._failure = time.monotonic(), ""
            try:
                self._opener = _opener(client_tls(self._secret()))
            except (ApiError, OSError, ValueError, KeyError) as error:
                self._failure = f"{self._url}: its client certificate: {type(error).__name__}: {error}"
        if self._failure:
            raise NoAnswer(self._failure)
        return self._opener


class Loki(_Source):
    def __init__(self, url: str, tenant: str = "", secret: Callable[[], dict[str, str]] | None = None) -> None:
        super().__init__(url, secret)
        self._headers = {"X-Scope-OrgID": tenant} if tenant else {}

    def lines(self, expression: str, since: float) -> list[str]:
        """Lines since a moment, Unix seconds; at most 5000, the limit that Loki has by default."""
        query = {
            "query": expression,
            "start": int((since - SKEW_SECONDS) * 1e9),
            "end": int((time.time() + SKEW_SECONDS) * 1e9),
            "limit": MOST_LINES,
            "direction": "forward",
        }
        data = _ask(self._asked_by(), self._url, "/loki/api/v1/query_range", query, self._headers)
        return [text for stream in data["result"] for _at, text in stream["values"]]


class Prometheus(_Source):
    def values(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Labels and value of each series at this moment."""
        data = _ask(self._asked_by(), self._url, "/api/v1/query", {"query": expression}, {})
        return [(series["metric"], float(series["value"][1])) for series in data["result"]]
