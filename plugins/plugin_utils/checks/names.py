# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of names."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.check import (
    Check,
    Problem,
    expect,
    matches,
    named,
)

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def is_dns_label(value: t.Any) -> bool:
    """Whether a value can be the name of a namespace or Service."""
    return isinstance(value, str) and _LABEL.fullmatch(value) is not None


def is_dns_subdomain(value: t.Any) -> bool:
    """Whether a value can be the name of most objects."""
    return isinstance(value, str) and len(value) <= 253 and _SUBDOMAIN.fullmatch(value) is not None


@named
def dns_label() -> Check:
    """The name of a namespace or Service."""
    expected = "a DNS-1123 label (lower-case letters, digits, '-', at most 63 characters)"
    return expect(is_dns_label, expected, "monitoring")


@named
def dns_subdomain(what: str = "name", example: str = "grafana-tls") -> Check:
    """The name of any other object; the argument says of which."""
    expected = "the name of a %s (lower-case letters, digits, '-', '.', at most 253 characters)" % what
    return expect(is_dns_subdomain, expected, example)


@named
def uid(example: str = "runtime-security") -> Check:
    """A uid of an object in Grafana."""
    return expect(matches("[-_A-Za-z0-9]{1,40}"), "1 to 40 letters, digits, '-' and '_'", example)


@named
def title(most: int) -> Check:
    """A name for people, of so many characters at most."""
    return expect(
        lambda value: isinstance(value, str) and 1 <= len(value.strip()) <= most,
        "a name of at most %d characters" % most,
        "Runtime security",
    )


@named
def title_unlike(other: str, most: int) -> Check:
    """A name for people that is not the one of another input."""

    def find(value: t.Any, inputs: t.Any) -> Problem | None:
        if value == inputs[other]:
            return Problem("a name other than that of %s" % other, "not unique", "choose another name")
        return title(most).find(value, inputs)

    return Check(find)


@named
def user() -> Check:
    """The name of a user of Grafana."""
    return expect(matches(r"[^\s:]{1,190}"), "a name without blanks and colons, at most 190 characters", "admin")


@named
def token(*others: str) -> Check:
    """Empty, or a token that takes the place of other inputs, which then are empty."""
    alone = ", with %s empty," % " and ".join(others) if others else ""
    expected = "a token without blanks%s or ''" % alone

    def find(value: t.Any, inputs: t.Any) -> Problem | None:
        conflict = value and any(inputs[other] for other in others)
        if not conflict and matches("[!-~]*")(value):
            return None
        return Problem(
            expected, fix="set it to the variable of a vault%s" % (", and the others to ''" if others else "")
        )

    return Check(find)


@named
def tenant() -> Check:
    """A tenant of Loki."""
    return expect(
        lambda value: matches("[-A-Za-z0-9!._*()]{1,150}")(value) and value not in (".", ".."),
        "the name of a tenant (at most 150 letters, digits and characters of !-_.*())",
        "security",
    )


@named
def release() -> Check:
    """A version with a leading v."""
    return expect(matches(r"v[0-9]+[.][0-9]+[.][0-9]+"), "a version in the form v1.2.3", "v1.2.3")


@named
def subset(*choices: str) -> Check:
    """A list of some of the arguments."""
    return expect(lambda values: set(values) <= set(choices), "a list of some of %s" % ", ".join(choices), [choices[0]])


@named
def one_of(*choices: str) -> Check:
    """One of the arguments."""
    return expect(lambda value: value in choices, "one of %s" % ", ".join(choices), choices[0])
