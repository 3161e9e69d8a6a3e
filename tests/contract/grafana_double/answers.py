# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the handlers share: answers, Grafana's form of an error, its rule for uids."""

from __future__ import annotations

import re
import typing as t

NOW = "2026-11-23T20:00:00Z"
_UID = re.compile(r"[A-Za-z0-9_-]*")


# No body at all; None is JSON's null, which some endpoints answer with.
EMPTY = object()


class Answer(t.NamedTuple):
    """A status and the JSON that goes with it."""

    status: int
    body: t.Any = EMPTY


def error(code: int, message: str, **more: t.Any) -> Answer:
    """An error in Grafana's own words."""
    return Answer(code, {"message": message, **more})


def is_valid_uid(uid: str) -> bool:
    """pkg/util/shortid_generator.go: letters, digits, - and _, at most 40 of them."""
    return len(uid) <= 40 and bool(_UID.fullmatch(uid))


def slug(title: str) -> str:
    """The title in an address."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
