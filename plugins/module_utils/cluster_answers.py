# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an answer of the API server clearly states, and errors in words. Private to the collection."""

from __future__ import annotations

import json
import typing as t


class UnclearAnswer(Exception):
    """Nothing can be concluded from what the API server answered; the text says what was asked and what came."""


class NotAllowed(UnclearAnswer):
    """The API server states that the account may not read this."""


def is_not_found(status: int, body: object) -> bool:
    """Whether the API server itself states that an object does not exist; a proxy's 404 page does not count.

    Source: Status objects, https://kubernetes.io/docs/reference/using-api/api-concepts/
    """
    return status == 404 and stated(body) == "NotFound"


def whole_list(answer: object, what: str) -> tuple[list[dict], str]:
    """The entries of a list, and the token of its next page ("" after the last one).

    An answer whose items are null is no list: without the metadata form the API server writes [] where there are none.
    """
    items = answer.get("items") if isinstance(answer, dict) else None
    metadata = (answer.get("metadata") or {}) if isinstance(answer, dict) else {}
    if not isinstance(items, list) or not isinstance(metadata, dict) or not str(answer.get("kind")).endswith("List"):
        raise UnclearAnswer(f"{what}: the answer is no list ({short(answer)}).")
    for item in items:
        named = item.get("metadata") if isinstance(item, dict) else None
        if not isinstance(named, dict) or not named.get("name"):
            raise UnclearAnswer(f"{what}: an entry of the list has no name ({short(item)}).")
    token = metadata.get("continue") or ""
    if metadata.get("remainingItemCount") and not token:
        raise UnclearAnswer(f"{what}: {metadata['remainingItemCount']} entries of the list are missing.")
    return items, token


def stated(body: object) -> str:
    """The reason in a Status object, "" where a body is none."""
    found = _json(body)
    return str(found.get("reason") or "") if isinstance(found, dict) and found.get("kind") == "Status" else ""


def _json(body: object) -> t.Any:
    try:
        return json.loads(body)
    except (TypeError, ValueError):
        return None


def short(value: object) -> str:
    """An answer as a few words; of an object only its keys, since values may be secrets."""
    if isinstance(value, dict):
        return "an object with " + (", ".join(sorted(map(str, value))[:8]) or "nothing in it")
    return "null" if value is None else type(value).__name__


def reason(error: Exception) -> str:
    """Why a request failed, without headers, bodies and traces."""
    status = getattr(error, "status", None)
    if status is None:
        return str(error)
    found = _json(getattr(error, "body", None))
    message = found.get("message") if isinstance(found, dict) else ""
    return f"HTTP status {status} ({message or error.reason or 'no reason given'})"
