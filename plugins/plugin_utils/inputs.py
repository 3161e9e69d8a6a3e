# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the value of a role's input by the role's argument specification."""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Mapping, Sequence

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm_values import (
    UnreadableValue,
    helm_values,
)

# The longest path that Linux takes; whatever has one line is shorter.
LONGEST_LINE = 4096
# Helm keeps a release, and Kubernetes an object, in 1 MiB.
MOST_CHARACTERS = 256 * 1024
DEEPEST = 32
_SHOWN = 200
# Those that the filter bool knows; for others it says false.
_BOOLEANS = ("true", "yes", "on", "1", "false", "no", "off", "0")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}\Z")
# Neither YAML, JSON nor a command line takes them; half of a pair is no Unicode.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\ud800-\udfff]")
_LINES = re.compile("[\t\n\u2028\u2029]")

# fix is None where an example is the remedy.
Fault = namedtuple("Fault", ["where", "value", "expected", "fix"], defaults=[None])


def faults(value, option, several_lines=False):
    """The faults of an input's value; the first one is the outermost."""
    found = list(_unusable(value)) or list(_typed(value, option, "")) or list(_unreadable(value, option))
    if found or several_lines:
        return found
    strings = [("", value)] if isinstance(value, str) else _strings(value, option)
    return [
        Fault(where, text, "one line of at most %d characters" % LONGEST_LINE) for where, text in strings if _long(text)
    ]


def is_free(option):
    """Whether an option takes YAML that its specification does not describe to the last scalar."""
    kind, inner = option.get("type", "str"), option.get("options", {})
    if kind == "list":
        kind = option.get("elements", "raw")
    return kind == "raw" or (any(map(is_free, inner.values())) if inner else kind == "dict")


def carries_secrets(option):
    """Whether the value of an option is not to be shown."""
    return bool(option.get("no_log")) or any(carries_secrets(inner) for inner in option.get("options", {}).values())


def shown(value):
    """A value as messages show it."""
    text = value if isinstance(value, str) else "null" if value is None else str(value)
    return "'%s'" % readable(text, _SHOWN)


def readable(text, most):
    """A string without characters that cannot be read, and with no more of them than that."""
    cut = text[:most] + (" ... (%d characters)" % len(text) if len(text) > most else "")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in cut)


def _long(text):
    return len(text) > LONGEST_LINE or _LINES.search(text) is not None


def _strings(value, option):
    """The strings of a list of strings; those deeper down may have several lines."""
    if option.get("elements") not in ("str", "path"):
        return []
    return [("[%d]" % place, item) for place, item in enumerate(value)]


def _unusable(value):
    """What neither JSON nor Kubernetes takes, wherever it is."""
    characters, rest = 0, [("", value, 0)]
    while rest:
        where, item, depth = rest.pop()
        if isinstance(item, bytes):
            item = item.decode(errors="replace")
        if depth > DEEPEST:
            yield Fault("", "nested deeper than that", "at most %d levels" % DEEPEST)
            return
        if isinstance(item, str):
            characters += len(item)
            if _CONTROL.search(item):
                yield Fault(where, item, "a string without control characters")
                return
        elif isinstance(item, Mapping):
            for key, inner in item.items():
                rest += [(where, key, depth), (where + "." + readable(str(key), _SHOWN), inner, depth + 1)]
        elif isinstance(item, Sequence):
            rest += [("%s[%d]" % (where, place), inner, depth + 1) for place, inner in enumerate(item)]
        elif isinstance(item, int) and not -(2**63) <= item < 2**63:
            yield Fault(where, item, "a number of at most 64 bits")
            return
        if characters > MOST_CHARACTERS:
            yield Fault("", "longer than that", "at most %d KiB in all" % (MOST_CHARACTERS // 1024))
            return


def _unreadable(value, option):
    """What Helm would not read as it was written, wherever the specification leaves it open."""
    if is_free(option):
        try:
            helm_values(value)
        except UnreadableValue as error:
            yield Fault(error.where, error.value, error.expected, error.fix)


def _typed(value, option, where):
    kind = option.get("type", "str")
    is_kind, expected = _KINDS[kind]
    if not is_kind(value):
        yield Fault(where, value, expected)
    elif value not in option.get("choices", [value]):
        yield Fault(where, value, "one of " + ", ".join(map(str, option["choices"])))
    elif kind == "list":
        element = {"type": option.get("elements", "raw"), "options": option.get("options", {})}
        for place, item in enumerate(value):
            yield from _typed(item, element, "%s[%d]" % (where, place))
    elif kind == "dict" and option.get("options"):
        yield from _inner(value, option["options"], where)


def _inner(value, options, where):
    for key in value:
        if key not in options:
            yield Fault(
                where, "a dictionary with the key %s" % shown(key), "a dictionary with the keys " + ", ".join(options)
            )
            return
    for key, option in options.items():
        if value.get(key) is not None:
            yield from _typed(value[key], option, where + "." + key)
        elif option.get("required"):
            yield Fault(where, "a dictionary without %s" % key, "a dictionary with " + key)


def _is_integer(value):
    if isinstance(value, str):
        return _INTEGER.match(value) is not None
    return isinstance(value, int) and not isinstance(value, bool)


def _is_boolean(value):
    return value.lower() in _BOOLEANS if isinstance(value, str) else isinstance(value, int) and value in (0, 1)


def _is_list(value):
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


_KINDS = {
    "str": (lambda value: isinstance(value, str), "a string (put a number or a boolean in quotes)"),
    "path": (lambda value: isinstance(value, str), "a path, as a string"),
    "int": (_is_integer, "a whole number"),
    "bool": (_is_boolean, "true or false"),
    "list": (_is_list, "a list"),
    "dict": (lambda value: isinstance(value, Mapping), "a dictionary"),
    "raw": (lambda value: value is not None, "a value"),
}
