# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values as Helm and kubectl read them. Private to the collection.

Ansible reads YAML 1.1 into Python's types: dates, bytes, sets, keys of any type. Helm turns the same YAML into JSON
(sigs.k8s.io/yaml) and reads that, where a number is a 64-bit float and a key is a string. The page values.md has the table of the
differences; the unit tests compare each line of it with the program.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping, Sequence, Set

# goyaml.v2, resolve.go: what a plain scalar is besides a number.
_WORDS = {
    **dict.fromkeys(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"], True),
    **dict.fromkeys(["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"], False),
    **dict.fromkeys(["", "~", "null", "Null", "NULL"]),
}
_INTEGER = re.compile(r"([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_BASES = {"x": 16, "b": 2, "o": 8}


class UnreadableValue(ValueError):
    """A value that Helm would refuse, or read as another one.

    where is the path below the value that was given ("" or ".a[0].b"), value what is found there, expected what Helm takes, and
    fix what to write instead. Neither expected nor fix quotes the value, which may be a secret.
    """

    def __init__(self, where: str, value: object, expected: str, fix: str) -> None:
        super().__init__(f"{where.lstrip('.') or 'value'}: invalid value ({value}). Expected {expected}. Fix: {fix}.")
        self.where, self.value, self.expected, self.fix = where, value, expected, fix


_QUOTE = "put it in quotes"


def helm_values(value: object, where: str = "") -> object:
    """The JSON value that Helm makes of the YAML that value was read from: None, bool, int, float, str, list or dict.

    >>> helm_values({5: datetime.date(2024, 4, 1)})
    {'5': '2024-04-01'}

    Raises UnreadableValue where there is no such value, or where Python no longer knows what was written.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return _mapping(value, where)
    if isinstance(value, (bytes, bytearray)):
        return _decoded(value, where)
    if isinstance(value, (int, float)):
        return _number(value, where)
    if isinstance(value, datetime.date):
        return _date(value, where)
    if isinstance(value, Set):
        raise UnreadableValue(where, "a set", "a mapping", "write {a: null, b: null} instead of !!set {a, b}")
    if isinstance(value, Sequence):
        return [helm_values(entry, f"{where}[{place}]") for place, entry in enumerate(value)]
    raise UnreadableValue(
        where, f"a {type(value).__name__}", "a string, number, boolean, list or mapping", "correct it"
    )


def _mapping(value, where):
    read = {}
    for key, entry in value.items():
        text = _key(key, where)
        if text in read:
            raise UnreadableValue(
                where,
                f"a mapping with two keys that Helm reads as {text!r}",
                "one key of each name",
                "remove one of them",
            )
        read[text] = helm_values(entry, f"{where}.{text}")
    return read


def _key(key, where):
    """YAML to JSON: 5 is "5", true is "true"; Helm refuses null."""
    if isinstance(key, str):
        return str(key)
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, int):
        return str(int(key))
    if isinstance(key, datetime.date) and not isinstance(key, datetime.datetime):
        return key.isoformat()
    raise UnreadableValue(where, f"a mapping with the key {key!r}", "keys that are strings", "put the key in quotes")


def _decoded(value, where):
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise UnreadableValue(
            where, "binary data", "UTF-8 text", "put the Base64 text in quotes, without !!binary"
        ) from None


def _number(value, where):
    if isinstance(value, float):
        if not math.isfinite(value):
            raise UnreadableValue(where, value, "a finite number", _QUOTE)
        return float(value)
    try:
        exact = int(float(value)) == value
    except OverflowError:
        exact = False
    if not exact:
        raise UnreadableValue(
            where,
            value,
            "a number that a 64-bit float holds, as which Helm keeps numbers (all whole ones up to 2^53)",
            _QUOTE,
        )
    return int(value)


def _date(value, where):
    if isinstance(value, datetime.datetime):
        raise UnreadableValue(
            where, value.isoformat(), "a string, since Ansible keeps the time but not how it was written", _QUOTE
        )
    return value.isoformat()


def scalar(text: str) -> object:
    """What Helm reads where this is written in YAML without quotes or tag: None, bool, int, float or str.

    >>> scalar("1e3"), scalar("22:22"), scalar("y")
    (1000.0, '22:22', True)
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[:1] not in "+-.0123456789":
        return text
    digits = text.replace("_", "")
    found = _INTEGER.match(digits)
    if found:
        sign, number = found.groups()
        base = _BASES.get(number[1:2].lower(), 8 if number[0] == "0" else 10)
        return int(sign + number, base)
    return float(digits) if _FLOAT.match(digits) and math.isfinite(float(digits)) else text
