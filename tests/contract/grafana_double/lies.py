# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that are not true, as a broken Grafana, a proxy before it, or another version of it gives them."""

from __future__ import annotations

import json
import re
import typing as t

from .answers import EMPTY, Answer

_LOGIN = b"<!doctype html><title>Sign in</title><form action=/login method=post></form>"
_OLD = {"message": "this API moved to another place", "items": []}


def _half(answer: t.Any) -> t.Any:
    """The first half of each list, and of an object's lists and objects."""
    if isinstance(answer, list):
        return [_half(one) for one in answer[: len(answer) // 2]]
    if isinstance(answer, dict):
        return {key: _half(value) for key, value in answer.items()}
    return answer


# Status, content type and body; None as a status stands for no answer in time.
_FIXED: dict[str, tuple[int | None, str, bytes]] = {
    "null": (200, "application/json", b"null"),
    "empty list": (200, "application/json", b"[]"),
    "empty object": (200, "application/json", b"{}"),
    "nothing": (200, "application/json", b""),
    "number": (200, "application/json", b"7"),
    "objects": (200, "application/json", b"[{}, {}]"),
    "garbage": (200, "application/json", b"\x00\xff{]"),
    "login page": (200, "text/html", _LOGIN),
    "missing page": (404, "text/html", _LOGIN),
    "login page with 401": (401, "text/html", _LOGIN),
    "newer API": (200, "application/json", json.dumps(_OLD).encode()),
    "403": (403, "application/json", b'{"message": "Access denied"}'),
    "500": (500, "application/json", b'{"message": "Internal server error"}'),
    "502 page": (502, "text/html", _LOGIN),
    "silence": (None, "", b""),
}
LIES = [*_FIXED, "half"]


class Lie(t.NamedTuple):
    """A kind of answer in place of every true one to a path, of one method."""

    path: str
    kind: str
    method: str = "GET"

    def meant_for(self, method: str, path: str) -> bool:
        """True if this request is answered so."""
        return method == self.method and bool(re.fullmatch(self.path, path))

    def tell(self, true: Answer) -> tuple[int | None, str, bytes]:
        """Status, content type and body in place of a true answer."""
        if self.kind != "half":
            return _FIXED[self.kind]
        return true.status, "application/json", b"" if true.body is EMPTY else json.dumps(_half(true.body)).encode()
