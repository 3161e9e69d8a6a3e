# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One client for Grafana's HTTP API; its errors name the request and Grafana's message, never what was sent."""

from __future__ import annotations

import json
import typing as t
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode

from ansible.module_utils.urls import open_url
from ansible_collections.community.grafana.plugins.module_utils.base import clean_url, grafana_argument_spec


def connection_spec() -> dict[str, t.Any]:
    """The connection options of community.grafana, and what they lack: own CA and time limit."""
    spec = grafana_argument_spec()
    del spec["state"]
    spec["ca_path"] = {"type": "path"}
    spec["timeout"] = {"type": "int", "default": 30}
    return spec


class GrafanaError(Exception):
    """A request that failed; status is None when there was no answer."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


def path(*parts: str, **query: t.Any) -> str:
    """An API path; every part is quoted, so a uid cannot lead elsewhere."""
    quoted = "/api/" + "/".join(quote(part, safe="") for part in parts)
    return quoted + ("?" + urlencode(query, doseq=True) if query else "")


def _grafanas_words(body: bytes) -> str:
    try:
        answer = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(answer, dict):
        return ""
    words = answer.get("message") or answer.get("error")
    # A refused query has its words further down, one answer for each query.
    results = (answer.get("results") or {}).values()
    return str(words or "; ".join(result["error"] for result in results if result.get("error")))


class Grafana:
    """Sends requests with the module's connection options."""

    def __init__(self, params: dict[str, t.Any]) -> None:
        self.url = clean_url(params["url"])
        self.user = params["url_username"]
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        options = {
            name: params[name]
            for name in ("use_proxy", "validate_certs", "client_cert", "client_key", "ca_path", "timeout")
        }
        self.token = bool(params["grafana_api_key"])
        if self.token:
            headers["Authorization"] = f"Bearer {params['grafana_api_key']}"
        else:
            options.update(url_username=self.user, url_password=params["url_password"], force_basic_auth=True)
        self._options = {**options, "headers": headers}

    def request(self, method: str, api_path: str, payload: t.Any = None, absent: tuple[int, ...] = ()) -> t.Any:
        """The decoded answer; None for a status in absent (a thing that may be missing)."""
        data = None if payload is None else json.dumps(payload)
        try:
            with open_url(self.url + api_path, method=method, data=data, **self._options) as response:
                body = response.read()
        except HTTPError as exc:
            if exc.code in absent:
                return None
            raise self._refused(method, api_path, exc) from exc
        except (URLError, OSError, HTTPException) as exc:
            reason = getattr(exc, "reason", None) or exc
            raise GrafanaError(f"{method} {self.url}{api_path}: no answer from Grafana: {reason}") from exc
        try:
            return json.loads(body) if body else {}
        except ValueError as exc:
            message = f"{method} {self.url}{api_path}: the answer is not JSON. Is this the address of Grafana itself?"
            raise GrafanaError(message) from exc

    def _refused(self, method: str, api_path: str, exc: HTTPError) -> GrafanaError:
        words = _grafanas_words(exc.read())
        if exc.code == 401:
            who = "the API key" if self.token else f"user {self.user!r} with this password"
            return GrafanaError(
                f"Grafana at {self.url} refused {who}: {words or 'not authorized'}. Correct the credentials.", 401
            )
        return GrafanaError(f"{method} {self.url}{api_path}: HTTP {exc.code}: {words or exc.reason}", exc.code)
