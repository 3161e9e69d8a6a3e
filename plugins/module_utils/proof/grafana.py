# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Grafana's HTTP API, as far as the proof asks it. Safe to use from several threads."""

from __future__ import annotations

import threading
import typing as t

from .watch import NotYet

try:
    import requests
except ImportError:  # the module reports it
    requests = None

_TIMEOUT_SECONDS = 15


class GrafanaError(NotYet):
    """Grafana did not answer as asked. Pods start and sources reload, so asking again may help."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class Grafana:
    def __init__(self, url: str, user: str, password: str, verify: bool | str = True) -> None:
        """verify is as in requests: False, True, or the path of a CA bundle."""
        self.url = url.rstrip("/")
        self._auth = (user, password)
        self._verify = verify
        # A session keeps its connection open, but belongs to one thread.
        self._local = threading.local()

    def _session(self) -> t.Any:
        if not hasattr(self._local, "session"):
            session = requests.Session()
            session.auth = self._auth
            session.verify = self._verify
            self._local.session = session
        return self._local.session

    def request(self, method: str, path: str, body: dict | None = None, params: dict | None = None) -> t.Any:
        asked = f"{method} {self.url}{path}"
        try:
            answer = self._session().request(
                method, self.url + path, json=body, params=params, timeout=_TIMEOUT_SECONDS
            )
        except requests.RequestException as exc:
            raise GrafanaError(f"{asked}: {exc}") from exc
        try:
            content = answer.json()
        except ValueError:
            content = {}
        # A query that a data source refuses comes with status 400 and the source's words in "results".
        if answer.status_code >= 400 and not (isinstance(content, dict) and "results" in content):
            said = content.get("message") if isinstance(content, dict) else ""
            raise GrafanaError(f"{asked}: HTTP {answer.status_code} {said or answer.reason}", answer.status_code)
        return content

    def get(self, path: str, params: dict | None = None) -> t.Any:
        return self.request("GET", path, params=params)

    def query(self, body: dict) -> dict:
        """POST /api/ds/query, known to all versions from 8 on; a refused query raises the data source's words."""
        content = self.request("POST", "/api/ds/query", body=body)
        errors = [result["error"] for result in content.get("results", {}).values() if result.get("error")]
        if errors:
            raise GrafanaError("; ".join(errors))
        return content
