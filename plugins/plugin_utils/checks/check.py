# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check of an input is. Private to the collection.

A named check is a function that returns a Check: ``@named`` makes its name one that roles/*/meta/checks.yml can use. Its file
is the subject's, or the role's where it knows other inputs of the role.
"""

from __future__ import annotations

import functools
import re
import typing as t


class Problem(t.NamedTuple):
    """What is wrong with a value, in the words of the message ``NAME: what (value). Expected expected. Fix: fix.``"""

    expected: str
    what: str = "invalid value"
    # Without one, the default or the example is the remedy.
    fix: str = ""
    example: t.Any = ""
    # Whether the message must not show the value.
    hidden: bool = False


class Inputs(t.Protocol):
    """The variables of the role, computed when asked for, and its host."""

    host: str

    def __getitem__(self, name: str) -> t.Any:
        """A variable. An input above in the table that is refused ends the check that asks for it."""

    def is_file(self, path: str) -> bool:
        """Whether a path leads to a file on the host."""


Find = t.Callable[[t.Any, Inputs], t.Optional[Problem]]


class Check(t.NamedTuple):
    """Finds the problem of a value; several_lines says whether a string may have more than one line."""

    find: Find
    several_lines: bool = False


NAMED: dict[str, t.Callable[..., Check]] = {}


def named(make: t.Callable[..., Check]) -> t.Callable[..., Check]:
    """Let the table of a role name a function that returns a check."""
    if make.__name__ in NAMED:
        raise ValueError("two checks are named %s" % make.__name__)
    NAMED[make.__name__] = make
    return make


def condition(several_lines: bool = False) -> t.Callable[[Find], Find]:
    """Let the table of a role name a function that finds the problem itself."""

    def decorate(find: Find) -> Find:
        @functools.wraps(find)
        def make() -> Check:
            return Check(find, several_lines)

        named(make)
        return find

    return decorate


def expect(
    accepts: t.Callable[[t.Any], bool], expected: str, example: t.Any = "", several_lines: bool = False
) -> Check:
    """A check that looks at the value alone."""
    problem = Problem(expected, example=example)
    return Check(lambda value, _inputs: None if accepts(value) else problem, several_lines)


def matches(pattern: str) -> t.Callable[[t.Any], bool]:
    """Whether a value is a string that a pattern describes wholly."""
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None
