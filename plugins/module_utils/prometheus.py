# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of prometheus_info: what addresses and answers of Prometheus mean. Private to the collection."""

from __future__ import annotations

import copy
import json
import re
import time
import typing as t
from urllib.parse import urlsplit

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import connection
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proxy import opened
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

API_PATH = "api/v1/status/buildinfo"
ARGUMENTS = {
    **copy.deepcopy(connection.ARGUMENTS),
    "url": {"type": "str", "required": True},
    "wait_timeout": {"type": "int", "default": 60},
}


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


def promtool_message(printed: str) -> str:
    """What promtool said of rules, without the rules themselves, which the terminal repeats."""
    _before, words, after = printed.rpartition("Checking standard input")
    return " ".join(after.split()) if words else ""


def through_the_api_server(client: t.Any, service: Service) -> bytes:
    core = connection.core_api(client.configuration)
    answer = core.connect_get_namespaced_service_proxy_with_path(
        service.proxy_name, service.namespace, f"{service.path}{API_PATH}", _preload_content=False
    )
    return answer.data


def ask(params: dict, service: Service | None) -> str:
    """The version, or an error that says why there is none."""
    if service:
        with connection.connected_client(params) as client:
            return version_in(through_the_api_server(client, service))
    with opened(f"{params['url'].rstrip('/')}/{API_PATH}", timeout=10) as answer:
        return version_in(answer.read())


def run(params: dict, mode: Mode) -> dict:
    """Ask for the version until it comes or the time is up."""
    url, end = params["url"], time.monotonic() + params["wait_timeout"]
    service = service_of(url)
    while True:
        try:
            return {"version": ask(params, service), "via": "cluster" if service else "address"}
        except NotPrometheus as exc:
            raise WorkError(f"What answers at {url} is no Prometheus: {exc}") from exc
        except connection.Unreachable:
            if mode.check or time.monotonic() >= end:
                raise
        except (WorkError, OSError) as exc:
            cause = exc.__cause__ if isinstance(exc, WorkError) else exc
            reason = getattr(cause, "reason", None) or exc
            status = getattr(cause, "status", None) or getattr(cause, "code", None) or 0
            # Whoever refuses the question will do so later too; a server that starts does not answer, or with 5xx.
            if 400 <= status < 500:
                raise WorkError(
                    f"What answers at {url} is no Prometheus: it refuses to say its version: {status} {reason}"
                ) from exc
            if time.monotonic() >= end:
                raise WorkError(f"No Prometheus answers at {url}: {reason}") from exc
        time.sleep(1)


def announce(params: dict) -> dict:
    """No cluster, no Prometheus in it."""
    return {"version": "", "via": "cluster"}
