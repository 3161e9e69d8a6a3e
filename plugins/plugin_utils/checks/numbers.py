# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of numbers, durations and quantities."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.check import (
    Check,
    Problem,
    expect,
    named,
)

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_DURATION = re.compile(r"([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?")
# Milliseconds of each unit, in the order of the pattern.
_UNITS = (31_536_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1_000, 1)
# Prometheus and Go count nanoseconds in 64 bits.
_LONGEST = 2**63 // 1_000_000
_GO_DURATION = re.compile(r"[0-9hms]+")
# Kubernetes counts in 64 bits: no number of more digits is one.
_QUANTITY = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)(m|k|[MGTPE]|[KMGTPE]i)?")
_POWERS = {"k": 1, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}


def whole(value: t.Any) -> int | None:
    """A whole number, also one in a string; None for everything else."""
    if isinstance(value, bool) or not isinstance(value, (int, str)) or not _WHOLE.fullmatch(str(value)):
        return None
    return int(value)


def is_between(value: t.Any, least: int, most: int) -> bool:
    """Whether a value is a whole number of a range."""
    number = whole(value)
    return number is not None and least <= number <= most


def is_duration(value: t.Any) -> bool:
    """Whether a string is a duration as Prometheus writes it."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) and len(value) <= 64 else None
    if match is None:
        return False
    counts = (int(re.sub("[a-z]", "", part or "0")) for part in match.groups())
    return 0 < sum(count * unit for count, unit in zip(counts, _UNITS)) < _LONGEST


def is_quantity(value: t.Any) -> bool:
    """Whether a value is a Kubernetes quantity above 0; YAML reads a plain one without a suffix as a number."""
    match = _QUANTITY.fullmatch(str(value)) if not isinstance(value, bool) else None
    return match is not None and 0 < float(match.group(1)) * 1024 ** _POWERS.get((match.group(2) or "m")[0], 0) < 2**63


def _range(least: int | str, most: int | str, unit: str, words: str, above: int = 0, below: int = 0) -> Check:
    """A whole number between two ends, each a number or the name of an input, which may lie outside by one."""

    def find(value: t.Any, inputs: t.Any) -> Problem | None:
        ends = [int(inputs[end]) if isinstance(end, str) else end for end in (least, most)]
        if is_between(value, ends[0] + above, ends[1] - below):
            return None
        named_ends = [
            "%s (%s)" % (end, limit) if isinstance(end, str) else end for end, limit in zip((least, most), ends)
        ]
        expected = "a number%s %s" % (unit and " of " + unit, words.format(*named_ends))
        return Problem(expected, example=ends[0] + above)

    return Check(find)


@named
def number(least: int | str, most: int | str, unit: str = "") -> Check:
    """A whole number from the first to the second argument, of a unit; an argument may name another input."""
    return _range(least, most, unit, "from {0} to {1}")


@named
def number_above(least: int | str, most: int | str, unit: str = "") -> Check:
    """A whole number above the first argument, and at most the second."""
    return _range(least, most, unit, "above {0}, at most {1}", above=1)


@named
def number_below(least: int | str, most: int | str, unit: str = "") -> Check:
    """A whole number from the first argument to below the second."""
    return _range(least, most, unit, "from {0} to below {1}", below=1)


@named
def port() -> Check:
    """A port of TCP or UDP."""
    return expect(lambda value: is_between(value, 1, 65535), "a port from 1 to 65535", 8080)


@named
def node_port() -> Check:
    """A port of nodes for a Service; 0 lets the cluster choose."""
    expected = "0 (the cluster chooses) or a port from 30000 to 32767"
    return expect(lambda value: whole(value) == 0 or is_between(value, 30000, 32767), expected, 30300)


@named
def duration() -> Check:
    """A duration as Prometheus writes it."""
    expected = "a duration above 0 of whole numbers and the units y, w, d, h, m, s, ms, largest first"
    return expect(is_duration, expected, "15s")


@named
def go_duration() -> Check:
    """A duration that Go reads as well."""
    return expect(
        lambda value: is_duration(value) and _GO_DURATION.fullmatch(value) is not None,
        "a duration as Go writes it, of whole hours, minutes and seconds",
        "30s",
    )


@named
def quantity() -> Check:
    """A quantity as Kubernetes writes it."""
    return expect(is_quantity, "a Kubernetes quantity above 0", "10Gi")
