# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loki and Prometheus, asked directly."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any
from urllib.parse import urlencode

SECONDS = 10
# The nodes' clocks may differ from this one's.
SKEW_SECONDS = 60
MOST_LINES = 5000
# No proxy, and no redirection to another address.
_OPENER = urllib.request.OpenerDirector()
for _handler in (urllib.request.HTTPHandler, urllib.request.HTTPSHandler, urllib.request.HTTPDefaultErrorHandler):
    _OPENER.add_handler(_handler())
_OPENER.add_handler(urllib.request.HTTPErrorProcessor())


class NoAnswer(Exception):
    """It cannot be reached, or answers with an error."""


def _ask(url: str, path: str, query: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
    request = urllib.request.Request(f"{url.rstrip('/')}{path}?{urlencode(query)}", headers=headers)
    try:
        with _OPENER.open(request, timeout=SECONDS) as answer:
            return json.loads(answer.read())["data"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoAnswer(f"{url}: {type(error).__name__}: {error}") from error


class Loki:
    def __init__(self, url: str, tenant: str = "") -> None:
        self._url, self._headers = url, {"X-Scope-OrgID": tenant} if tenant else {}

    def lines(self, expression: str, since: float) -> list[str]:
        """Lines since a moment, Unix seconds; at most 5000, the limit that Loki has by default."""
        query = {
            "query": expression,
            "start": int((since - SKEW_SECONDS) * 1e9),
            "end": int((time.time() + SKEW_SECONDS) * 1e9),
            "limit": MOST_LINES,
            "direction": "forward",
        }
        data = _ask(self._url, "/loki/api/v1/query_range", query, self._headers)
        return [text for stream in data["result"] for _at, text in stream["values"]]


class Prometheus:
    def __init__(self, url: str) -> None:
        self._url = url

    def values(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Labels and value of each series at this moment."""
        data = _ask(self._url, "/api/v1/query", {"query": expression}, {})
        return [(series["metric"], float(series["value"][1])) for series in data["result"]]
