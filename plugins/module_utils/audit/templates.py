# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions on fields of an audit line, as Loki's templates have them.

A template is a string in back quotes within a query, and Grafana replaces variables in queries. So whatever comes from a user
is a quoted string of Go in which neither a back quote nor a dollar is left.
"""

from __future__ import annotations

import json
import re
import typing as t

DOCKER_HUB = "docker.io"
# Short names of its images: with an owner, and official ones.
_SHORT, _OFFICIAL = r"[^./:@\"]+/", r'[^/"]+"'


def quoted(text: str) -> str:
    """A text as a string of Go."""
    return json.dumps(text, ensure_ascii=False).replace("`", r"\x60").replace("$", r"\x24")


def all_of(conditions: t.Sequence[str]) -> str:
    """Every one of some conditions, of which there is one at least; a template stops at the first that fails."""
    return conditions[0] if len(conditions) == 1 else f"and {' '.join(map(_nested, conditions))}"


def any_of(conditions: t.Sequence[str]) -> str:
    """One of some conditions, of which there is one at least."""
    return conditions[0] if len(conditions) == 1 else f"or {' '.join(map(_nested, conditions))}"


def none_of(conditions: t.Sequence[str]) -> str:
    """None of some conditions, of which there is one at least."""
    return f"not ({any_of(conditions)})"


def contains(field: str, texts: t.Sequence[str]) -> str:
    """The field has one of the texts within it."""
    return any_of([f"contains {quoted(text)} .{field}" for text in texts])


def has_match(field: str, pattern: str) -> str:
    """A part of the field fits a regular expression."""
    return f"gt (count {quoted(pattern)} .{field}) 0"


def like(field: str, patterns: t.Sequence[str]) -> str:
    """The field is as one of the patterns; * in a pattern stands for any characters, a pattern * for any but none."""
    plain = [pattern for pattern in patterns if "*" not in pattern]
    found = [f"eq .{field} {' '.join(map(quoted, plain))}"] if plain else []
    return any_of(found + [_like(field, pattern) for pattern in patterns if "*" in pattern])


def _like(field: str, pattern: str) -> str:
    before, after = pattern.split("*", 1)
    if pattern == "*":
        return f'ne .{field} ""'
    if not after:
        return f"hasPrefix {quoted(before)} .{field}"
    if not before and "*" not in after:
        return f"hasSuffix {quoted(after)} .{field}"
    return has_match(field, "^" + ".*".join(re.escape(part) for part in pattern.split("*")) + "$")


def _nested(condition: str) -> str:
    return f"({condition})"


def within(allowed: t.Sequence[str]) -> str:
    """A regular expression that the message of a pull fits if its image is from an allowed registry, or from a folder of one."""
    images = [part for name in allowed for part in _images(name.rstrip("/"))]
    return f'^Pulling image "(?:{"|".join(images)})'


def _images(name: str) -> list[str]:
    registry, _slash, folder = name.partition("/")
    found = [re.escape(name) + r'[/:@"]']
    if registry == DOCKER_HUB:
        if folder:
            found.append(re.escape(folder) + r'[/:@"]')
        else:
            found.append(_SHORT)
        if folder in ("", "library"):
            found.append(_OFFICIAL)
    return found
