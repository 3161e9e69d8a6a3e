# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API server, as the account of the pod may use it, with Python's own library alone. Private to the collection."""

from __future__ import annotations

import http.client
import json
import os
import ssl
import threading
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
# Seconds for an answer; admission webhooks may take 30 of them.
SECONDS = 40
STRATEGIC = "application/strategic-merge-patch+json"


class ApiError(WorkError):
    """The API server did not answer (status 0), or refused."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class Api:
    """Asks the API server, on one connection that is kept: a rule of Falco's reports each new one."""

    def __init__(self, host: str, port: int, account: str = ACCOUNT, tls: ssl.SSLContext | None = None) -> None:
        self._account, self._alone = account, threading.Lock()
        tls = tls or ssl.create_default_context(cafile=os.path.join(account, "ca.crt"))
        self._connection = http.client.HTTPSConnection(host, port, timeout=SECONDS, context=tls)

    def get(self, path: str) -> dict | None:
        """An object; None only where the API server states that there is none."""
        try:
            return self.call("GET", path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def call(
        self, method: str, path: str, body: dict | None = None, kind: str = "application/json"
    ) -> dict[str, t.Any]:
        """The answer of a request; raises ApiError."""
        # The kubelet replaces the token before it expires.
        with open(os.path.join(self._account, "token"), encoding="utf-8") as file:
            headers = {"Authorization": f"Bearer {file.read().strip()}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = kind
        content = None if body is None else json.dumps(body).encode()
        with self._alone:
            status, text = self._asked(method, path, content, headers)
        try:
            found = json.loads(text)
        except ValueError as error:
            raise ApiError(f"{method} {path}: {status}, and the answer is not the API server's") from error
        if status >= 300:
            raise _refusal(f"{method} {path}", status, found)
        return found

    def _asked(self, method: str, path: str, content: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        """Asked again once where the connection was closed meanwhile; a change that was made twice is refused by its version."""
        for kept in (self._connection.sock is not None, False):
            try:
                self._connection.request(method, path, content, headers)
                answer = self._connection.getresponse()
                return answer.status, answer.read()
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                if not kept:
                    raise ApiError(f"{method} {path}: no answer ({type(error).__name__}: {error})") from error
        raise AssertionError("not reached")


def _refusal(what: str, status: int, found: t.Any) -> ApiError:
    """404 only where it is the API server's own: what is between may answer it too."""
    found = found if isinstance(found, dict) else {}
    stated = status != 404 or found.get("reason") == "NotFound"
    return ApiError(f"{what}: {status} {found.get('message', '')}", status if stated else 0)
