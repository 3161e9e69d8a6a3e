# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks that a role's meta/checks.yml names for its inputs. Private to the collection.

An entry is ``INPUT: CHECK``, where CHECK is a name, ``{name: argument}``, ``{name: [arguments]}``, or a list of these.
"""

from __future__ import annotations

import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks import (
    addresses,
    certificates,
    charts,
    falco_ebpf,
    falco_ebpf_certificates,
    falco_ebpf_classic,
    falco_ebpf_values,
    files,
    grafana_wiring,
    images,
    kubernetes,
    loki_stack,
    metrics_stack,
    minikube,
    names,
    numbers,
    pipeline_proof,
)
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.check import (
    NAMED,
    Check,
    Problem,
    named,
)

# Each file adds its checks to NAMED.
FILES = (
    addresses,
    certificates,
    charts,
    falco_ebpf,
    falco_ebpf_certificates,
    falco_ebpf_classic,
    falco_ebpf_values,
    files,
    grafana_wiring,
    images,
    kubernetes,
    loki_stack,
    metrics_stack,
    minikube,
    names,
    numbers,
    pipeline_proof,
)


class UnknownCheck(ValueError):
    """A table names a check that does not exist, or with arguments that it does not take."""


def checks_of(entry: t.Any) -> list[Check]:
    """The checks of an entry of a table, in their order."""
    return [_check(one) for one in (entry if isinstance(entry, list) else [entry])]


def _check(entry: t.Any) -> Check:
    name, arguments = entry, []
    if isinstance(entry, dict) and len(entry) == 1:
        ((name, arguments),) = entry.items()
    if not isinstance(name, str) or name not in NAMED:
        raise UnknownCheck("there is no check %r; there are %s" % (name, ", ".join(sorted(NAMED))))
    try:
        return NAMED[name](*(arguments if isinstance(arguments, list) else [arguments]))
    except TypeError as error:
        raise UnknownCheck("the check %s does not take %r: %s" % (name, arguments, error)) from error


@named
def optional(entry: t.Any, meaning: str = "") -> Check:
    """Nothing (an empty string, or null), which means what the second argument says, or what another check accepts."""
    check = _check(entry)

    def find(value: t.Any, inputs: t.Any) -> Problem | None:
        problem = None if value is None or value == "" else check.find(value, inputs)
        return problem and problem._replace(expected="%s, or ''%s" % (problem.expected, meaning and " " + meaning))

    return Check(find, check.several_lines)


@named
def each(entry: t.Any, what: str) -> Check:
    """A list of what another check accepts; the second argument names it."""
    check = _check(entry)

    def find(values: t.Any, inputs: t.Any) -> Problem | None:
        for value in values:
            problem = check.find(value, inputs)
            if problem:
                return Problem("a list of %s, each %s" % (what, problem.expected), example=[problem.example])
        return None

    return Check(find)
