# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of Ansible as a module gets them: without Ansible's own kinds of strings, lists and dictionaries."""

from __future__ import annotations

import datetime
import typing as t


def plain(value: t.Any) -> t.Any:
    """The same value, made of what JSON has; an encrypted string is decrypted by being written out.

    >>> plain({"a": ("b", 1, None)})
    {'a': ['b', 1, None]}
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        # Of a string of Ansible's own, which PyYAML refuses, str() makes the same again in older releases.
        return str.__str__(value)
    for kind in (int, float):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode(errors="surrogateescape")
    if isinstance(value, dict):
        return {plain(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(inner) for inner in value]
    return plain(str(value))
