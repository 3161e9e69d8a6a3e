# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Grafana as the checks ask it: what fails now may work a moment later."""

from __future__ import annotations

import typing as t

from ..grafana_client import Grafana, GrafanaError
from ..grafana_dashboard_store import Store
from ..grafana_panels import response_errors
from ..grafana_search import search
from .watch import NotYet


class Refused(NotYet):
    """Grafana did not answer as asked. Pods start and data sources reload, so asking again may help."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status


class Reader:
    """Asks Grafana and changes nothing. Its client keeps no state that threads could not share."""

    def __init__(self, client: Grafana) -> None:
        self._client = client
        self.url = client.url
        # Whether it is reached without anything in between that ends TLS.
        self.is_ours = client.trust is not None
        # What it asks of Grafana's newer API, it asks once.
        self._store = Store(client)

    def _request(self, method: str, path: str, body: dict | None = None) -> t.Any:
        try:
            return self._client.request(method, path, body)
        except GrafanaError as exc:
            raise Refused(str(exc), exc.status) from exc

    def get(self, path: str) -> t.Any:
        return self._request("GET", path)

    def tagged(self, tag: str) -> list[dict]:
        """All dashboards with a tag."""
        try:
            return search(self._store.apis, tag)
        except GrafanaError as exc:
            raise Refused(str(exc), exc.status) from exc

    def dashboard(self, uid: str) -> dict:
        """A dashboard as classic JSON."""
        try:
            found = self._store.classic_json(uid)
        except GrafanaError as exc:
            raise Refused(str(exc), exc.status) from exc
        if found is None:
            raise Refused(f"Grafana at {self._client.url} has no dashboard {uid}", 404)
        return found

    def query(self, body: dict) -> dict:
        """POST /api/ds/query, known to all versions from 8 on."""
        response = self._request("POST", "/api/ds/query", body)
        errors = response_errors(response)
        if errors:
            raise Refused("; ".join(errors))
        return response
