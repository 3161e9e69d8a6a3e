# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What addresses and answers of Prometheus mean."""

from __future__ import annotations

import json
import re
import typing as t
from urllib.parse import urlsplit


class NotPrometheus(Exception):
    """Something answered, but not as Prometheus does."""


class Service(t.NamedTuple):
    namespace: str
    # As the API server's proxy wants it.
    proxy_name: str
    path: str


def service_of(url: str) -> Service | None:
    """The Service of the cluster that an address names; None for any other address."""
    parts = urlsplit(url)
    match = re.fullmatch(r"([^.]+)\.([^.]+)\.svc(?:\.cluster\.local)?", parts.hostname or "")
    if not match:
        return None
    port = parts.port or (443 if parts.scheme == "https" else 80)
    prefix = "https:" if parts.scheme == "https" else ""
    path = parts.path.strip("/")
    return Service(match[2], f"{prefix}{match[1]}:{port}", f"{path}/" if path else "")


def version_in(answer: bytes) -> str:
    """The version in the answer to a question for the build."""
    try:
        content = json.loads(answer)
        version = content["data"]["version"]
    except (KeyError, TypeError, ValueError) as exc:
        raise NotPrometheus("it does not tell its version as Prometheus does") from exc
    if content.get("status") != "success":
        raise NotPrometheus(str(content.get("error", "it refused the question")))
    return str(version)


def judgement(printed: str) -> str:
    """What promtool said of rules, without the rules themselves, which the terminal repeats."""
    _before, words, after = printed.rpartition("Checking standard input")
    return " ".join(after.split()) if words else ""
