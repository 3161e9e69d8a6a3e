# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One client for Grafana's HTTP API; its errors name the request and Grafana's message, never what was sent."""

from __future__ import annotations

import json
import re
import time
import typing as t
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    Request,
    UnknownHandler,
)

from ansible.module_utils.urls import basic_auth_header
from ansible_collections.community.grafana.plugins.module_utils.base import clean_url
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_names import Names
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_trust import context_of
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proxy import EnvironmentProxy

# Seconds that a module which writes waits for a Grafana whose pod is replaced, and between two of its questions.
PATIENCE = 10.0
_AGAIN = 0.5
# The statuses of a proxy that has nobody behind it, with a page of its own.
_NOBODY = (502, 503, 504)


# Folders and dashboards have had this rule for long; Grafana 12 enforces it for data sources too.
_UID = re.compile(r"[A-Za-z0-9_-]{1,40}")
UID_RULE = "1 to 40 letters without accents, digits, - and _"


def is_uid(value: t.Any) -> bool:
    """True if every version of Grafana takes this as an identity."""
    return isinstance(value, str) and bool(_UID.fullmatch(value))


class GrafanaError(Exception):
    """A request that failed; status is None when there was no answer, words are Grafana's own.

    silent: Grafana has answered none of the client's requests yet.
    """

    def __init__(self, message: str, status: int | None = None, words: str = "", silent: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.words = words
        self.silent = silent


_ABSENT = object()


def path(*parts: str, **query: t.Any) -> str:
    """An API path; every part is quoted, so a uid cannot lead elsewhere."""
    quoted = "/api/" + "/".join(quote(part, safe="") for part in parts)
    return quoted + ("?" + urlencode(query, doseq=True) if query else "")


def apis_path(*parts: str, **query: t.Any) -> str:
    """A path of the newer API, which Grafana has from 12 on; without parts the list of what it has."""
    quoted = "/".join(["/apis", *(quote(part, safe="") for part in parts)])
    return quoted + ("?" + urlencode(query, doseq=True) if query else "")


def _form(answer: t.Any, kind: type, keys: tuple[str, ...]) -> str:
    """What is wrong with an answer, or an empty string; its values stay out of it."""
    names = {dict: "an object", list: "a list", str: "a text", type(None): "null"}
    if not isinstance(answer, kind):
        return names.get(type(answer), "a number")
    for one in answer if isinstance(answer, list) else [answer]:
        lacking = [key for key in keys if not isinstance(one, dict) or one.get(key) is None]
        if lacking:
            return f"an object without {lacking[0]}" if isinstance(one, dict) else names.get(type(one), "a number")
    return ""


def _body_of(response: HTTPError) -> t.Any:
    """The answer that goes with a status; an empty string for what is no JSON or was truncated."""
    try:
        body = response.read()
        return json.loads(body) if body else None
    except (ValueError, OSError, HTTPException):
        return ""


def _grafanas_words(answer: t.Any) -> str:
    if not isinstance(answer, dict):
        return ""
    words = answer.get("message") or answer.get("error")
    # A refused query has its words further down, one answer for each query.
    results = (answer.get("results") or {}).values()
    return str(words or "; ".join(result["error"] for result in results if result.get("error")))


class Grafana:
    """Sends requests with the module's connection options."""

    def __init__(self, params: dict[str, t.Any], patience: float = 0) -> None:
        """patience: seconds for which a question (GET) is asked again where nobody listens, as between two pods of a rollout."""
        self._patience = patience
        self._names = Names(params.get("variables"))
        # Whether Grafana, or what is in its place, has said anything yet.
        self._answered = False
        self.url = clean_url(params["url"])
        self.trust = params.get("trust")
        self.user = params["url_username"]
        self.token = bool(params["grafana_api_key"])
        authorization = (
            f"Bearer {params['grafana_api_key']}"
            if self.token
            else basic_auth_header(self.user, params["url_password"]).decode()
        )
        self._headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Authorization": authorization,
        }
        self._timeout = params["timeout"]
        self._opener = self._make_opener(params)

    def _make_opener(self, params: dict[str, t.Any]) -> OpenerDirector:
        """Unlike open_url, it follows no redirect, which would turn a POST into a GET that changes nothing."""
        opener = OpenerDirector()
        if params["use_proxy"]:
            opener.add_handler(EnvironmentProxy())
        for kind in (UnknownHandler, HTTPHandler, HTTPDefaultErrorHandler, HTTPErrorProcessor):
            opener.add_handler(kind())
        if self.url.startswith("https:"):
            # One context for all requests: to read the machine's CA certificates takes longer than Grafana's answer.
            opener.add_handler(HTTPSHandler(context=context_of(params)))
        return opener

    def request(
        self,
        method: str,
        api_path: str,
        payload: t.Any = None,
        absent: tuple[int, ...] = (),
        headers: dict[str, str] | None = None,
    ) -> t.Any:
        """The decoded answer; None for a status in absent (a thing that may be missing).

        Before something is deleted or overwritten, C(get_object) and C(get_list) are asked: they take no other answer.
        """
        answer = self._answer(method, api_path, payload, absent, headers)
        return None if answer is _ABSENT else answer

    def _answer(
        self, method: str, api_path: str, payload: t.Any, absent: tuple[int, ...], headers: dict[str, str] | None
    ) -> t.Any:
        data = None if payload is None else json.dumps(payload).encode()
        sent = {**self._headers, **(headers or {})}
        request = Request(self.url + api_path, data=data, headers=sent, method=method)
        try:
            body = self._sent(request)
        except HTTPError as exc:
            answer = _body_of(exc)
            # Grafana says so in JSON or with nothing; a page is of another program.
            if exc.code in absent and answer != "":
                return _ABSENT
            self._answered = self._answered or exc.code not in _NOBODY or answer != ""
            raise self._refused(method, api_path, exc, _grafanas_words(answer)) from exc
        except (URLError, OSError, HTTPException) as exc:
            reason = getattr(exc, "reason", None) or exc
            message = f"{method} {self.url}{api_path}: no answer from Grafana: {reason}"
            raise GrafanaError(message, silent=not self._answered) from exc
        self._answered = True
        try:
            return json.loads(body) if body or method == "GET" else {}
        except ValueError as exc:
            message = f"{method} {self.url}{api_path}: the answer is not JSON. Is this the address of Grafana itself?"
            raise GrafanaError(message) from exc

    def _sent(self, request: Request) -> bytes:
        end = time.monotonic() + (self._patience if request.get_method() == "GET" else 0)
        while True:
            try:
                with self._opener.open(request, timeout=self._timeout) as response:
                    return response.read()
            except URLError as exc:
                if not isinstance(exc.reason, ConnectionRefusedError) or time.monotonic() >= end:
                    raise
            time.sleep(_AGAIN)

    def _checked(self, api_path: str, answer: t.Any, kind: type, keys: tuple[str, ...]) -> t.Any:
        wrong = _form(answer, kind, keys)
        if not wrong:
            return answer
        expected = f"{'a list of objects' if kind is list else 'an object'} with {', '.join(keys)}"
        raise GrafanaError(
            f"GET {self.url}{api_path}: the answer is not what Grafana's API gives ({wrong}). Expected {expected}. Fix: set "
            f"{self._names.of('url')} to the address of Grafana itself, and look whether a proxy answers in its place."
        )

    def get_object(self, api_path: str, *keys: str, absent: tuple[int, ...] = ()) -> t.Any:
        """An object that has these keys; None for a status in absent. Anything else is an error, never nothing."""
        answer = self._answer("GET", api_path, None, absent, None)
        return None if answer is _ABSENT else self._checked(api_path, answer, dict, keys)

    def get_list(self, api_path: str, *keys: str, absent: tuple[int, ...] = ()) -> t.Any:
        """A list of objects that each have these keys; None for a status in absent."""
        answer = self._answer("GET", api_path, None, absent, None)
        return None if answer is _ABSENT else self._checked(api_path, answer, list, keys)

    def _refused(self, method: str, api_path: str, exc: HTTPError, words: str) -> GrafanaError:
        if 300 <= exc.code < 400:
            return GrafanaError(
                f"{method} {self.url}{api_path} is redirected to {exc.headers.get('Location')}. Set "
                f"{self._names.of('url')} to the address of Grafana itself.",
                exc.code,
            )
        if exc.code == 401:
            who = "the token" if self.token else f"user {self.user!r} with this password"
            return GrafanaError(
                f"Grafana at {self.url} refused {who}: {words or 'not authorized'}. Correct the credentials.",
                401,
                words,
            )
        said = f"{method} {self.url}{api_path}: HTTP {exc.code}: {words or exc.reason}"
        if exc.code == 403:
            who = "the token's service account" if self.token else f"user {self.user!r}"
            said = (
                f"{said.rstrip('.')}. Fix: give {who} the role Admin, which data sources, alert rules, contact points and policies need; "
                "Editor is enough for dashboards and folders, Viewer to read them"
            )
        return GrafanaError(said, exc.code, words, silent=not self._answered)
