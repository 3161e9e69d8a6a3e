"""Bad and odd values for every input, made from the roles' argument specifications; the same in every run."""

from __future__ import annotations

import random
import re
from collections import namedtuple

from ansible._internal._datatag._tags import TrustedAsTemplate
from role_inputs import ROLES, options

from .meanings import MEANINGS
from .values import (
    CONTROL,
    ELEMENTS,
    LINES,
    LONG,
    NAMES,
    NUMBERS,
    PATHS,
    SYNTAX,
    TEMPLATES,
    TRUSTED,
    UNICODE,
    WRONG_TYPES,
)

# must: refused, taken, or either.
Case = namedtuple("Case", ["role", "name", "kind", "value", "must"])


def nested(levels, inner):
    for _level in range(levels):
        inner = {"a": inner}
    return inner


def trusted(text):
    return TrustedAsTemplate().tag(text)


def generic(option, texts):
    """(kind, value, must) by the type alone."""
    kind, elements = option.get("type", "str"), option.get("elements", "raw")
    for value in WRONG_TYPES[kind]:
        yield "type", value, "refused"
    for text in TRUSTED:
        yield "uncomputed", trusted(text), "refused"
    if kind in ("str", "path"):
        for group, values, must in (
            ("control", CONTROL, "refused"),
            ("lines", LINES, "either" if texts else "refused"),
            ("unicode", UNICODE, "either"),
            ("template", TEMPLATES, "either"),
            ("syntax", SYNTAX, "either"),
            ("path", PATHS, "either"),
            ("name", NAMES, "either"),
            ("long", [LONG, "x" * 5000] if not texts else [LONG], "refused"),
            ("empty", [""], "either"),
        ):
            if "choices" in option:
                must = "refused"
            for value in values:
                yield group, value, must
    elif kind == "int":
        for value in NUMBERS:
            yield "number", value, "refused" if not -(2**63) <= int(value) < 2**63 else "either"
        for value in TEMPLATES + [LONG]:
            yield "template", value, "refused"
    elif kind == "bool":
        for value in TEMPLATES + UNICODE + [LONG]:
            yield "template", value, "refused"
        for value in (True, False, "true", "false", "yes", "no", "on", "off", "y", "t", 0, 1, "True", "0"):
            yield "boolean", value, "taken" if value in (True, False) else "either"
    elif kind == "list":
        for value in ELEMENTS[elements]:
            yield "element", value, "refused"
        yield "empty", [], "either"
        yield "nested", nested(200, []), "refused"
        yield "long", [LONG], "refused"
        yield "long", ["xxxxxxxx"] * 50_000, "refused"
        if elements in ("str", "path"):
            for value in CONTROL + LINES:
                yield "control", [value], "refused"
        if elements in ("str", "path", "raw"):
            for value in UNICODE + TEMPLATES + SYNTAX + PATHS:
                yield "odd", [value], "either"
        else:
            for value in (CONTROL[0], CONTROL[-1], float("nan"), 10**30):
                yield "control", [{"a": value}], "refused"
            yield "element", [{5: "a"}], "refused"
            for value in UNICODE + TEMPLATES:
                yield "odd", [{"a": value}], "either"
                yield "odd", [{value: "a"}], "either"
    elif kind == "dict":
        yield "empty", {}, "either"
        yield "nested", nested(30, "x"), "either"
        yield "nested", nested(200, "x"), "refused"
        yield "long", {"a": LONG}, "refused"
        yield "long", {LONG: "a"}, "refused"
        yield "keys", {5: "a"}, "either"
        yield "keys", {"a": 1, 2: "b"}, "either"
        yield "keys", {None: "a"}, "refused"
        for value in (*CONTROL, float("nan"), float("inf"), 10**30):
            yield "control", {"a": value}, "refused"
        for value in UNICODE + TEMPLATES + [None, [], {}, 5, 1.5, True, "null"]:
            yield "odd", {"a": value}, "either"
            if isinstance(value, str):
                yield "odd", {value: "a"}, "either"
        if option.get("options"):
            yield "keys", {"unknown": "a"}, "refused"
    elif kind == "raw":
        for value in (
            5,
            1.5,
            True,
            [],
            {},
            ["a"],
            {"a": "b"},
            "",
            *TEMPLATES,
            *UNICODE,
            *CONTROL[:2],
            LONG,
            float("nan"),
            {5: 6},
            nested(200, "x"),
        ):
            yield "raw", value, "either"


def several_lines(role, name):
    return bool(re.search(r"_(ca|server|client)_(certificate|key)$", name)) and role == "falco_ebpf"


def cases():
    """All of them, in an order of their own: a part of them has some of every role and kind."""
    found = []
    for role in ROLES:
        for name, option in options(role).items():
            for kind, value, must in generic(option, several_lines(role, name)):
                found.append(Case(role, name, kind, value, must))
            for pattern, values in MEANINGS:
                if re.search(pattern, name) and (option.get("type") in ("dict", "list", "raw")) == any(
                    isinstance(value, (dict, list)) for value in values
                ):
                    found += [Case(role, name, "meaning", value, "refused") for value in values]
    random.Random(7).shuffle(found)
    return found
