# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of inputs of the role grafana_wiring."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.audit.detections import exception_problem
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.audit.rules import GROUPS
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_exports import (
    DefinitionError,
    missing,
)
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils import audit_table
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.check import (
    Inputs,
    Problem,
    condition,
    matches,
)
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.names import is_dns_subdomain

_UID = matches("[-_A-Za-z0-9]{1,40}")
_REGISTRY = matches(r"[a-z0-9][-.a-z0-9]*(:[0-9]{1,5})?(/[a-z0-9][-._a-z0-9]*)*")
_SECONDS = re.compile("[0-9]{1,11}")
_MATCHER = matches(r"(?s)\s*[A-Za-z_][A-Za-z0-9_]*\s*(=~|!~|!=|=).*")


@condition()
def certificate_ends(ends: dict[str, t.Any], _inputs: Inputs) -> Problem | None:
    """When certificates end, by their Secrets."""
    if all(is_dns_subdomain(name) and _SECONDS.fullmatch(str(end)) for name, end in ends.items()):
        return None
    return Problem("a dictionary of names and Unix seconds", example={"falco-receiver-tls": 1795000000})


@condition()
def excluded_alerts(uids: list[str], inputs: Inputs) -> Problem | None:
    """Alert rules that the role ships, and detections on the audit log."""
    shipped = [rule["uid"] for rule in inputs["__grafana_wiring_alerts_shipped"]] if uids else []
    shipped += [*(f"audit-{group}" for group in GROUPS), *audit_table.uids()]
    if set(uids) <= set(shipped):
        return None
    return Problem("uids of shipped alert rules and detections: %s" % ", ".join(shipped), example=["sensor-silent"])


@condition()
def audit_registries(registries: list[t.Any], _inputs: Inputs) -> Problem | None:
    """Names of registries, perhaps with a folder."""
    if all(_REGISTRY(name) for name in registries):
        return None
    return Problem("registries, or folders of them, without a tag", example=["docker.io/library", "quay.io"])


@condition()
def audit_exceptions(exceptions: list[t.Any], _inputs: Inputs) -> Problem | None:
    """Requests that raise no alert."""
    for number, exception in enumerate(exceptions, 1):
        problem = exception_problem(exception, audit_table.uids())
        if problem:
            example = [{"detections": ["pod-exec"], "users": ["alice"], "namespaces": ["shop-*"]}]
            return Problem("exceptions of docs/audit.md", f"exception {number} {problem}", example=example)
    return None


@condition()
def alert_rules(rules: list[dict[str, t.Any]], _inputs: Inputs) -> Problem | None:
    """Rules that no other one takes the place of."""
    uids = [rule.get("uid") for rule in rules]
    if all(map(_UID, uids)) and len(set(uids)) == len(uids):
        return None
    return Problem("rules, each with a uid of its own of 1 to 40 letters, digits, '-' and '_'", fix="correct the uids")


@condition()
def notification_policy(policy: dict[str, t.Any], _inputs: Inputs) -> Problem | None:
    """Where alerts go to."""
    matchers = [matcher for route in policy.get("routes") or [] for matcher in route.get("matchers") or []]
    if not policy or ("contact_point" in policy and all(map(_MATCHER, matchers))):
        return None
    expected = (
        "a dictionary with contact_point, and perhaps with routes, whose matchers are LABEL=VALUE, LABEL!=VALUE, LABEL=~REGEX or"
        " LABEL!~REGEX; or {} for none"
    )
    return Problem(expected, example={"contact_point": "on-call"})


@condition()
def dashboard_inputs(values: dict[str, t.Any], _inputs: Inputs) -> Problem | None:
    """Values of inputs of dashboards."""
    if all(isinstance(text, str) for pair in values.items() for text in pair):
        return None
    return Problem("a dictionary whose keys and values are strings", example={"DS_TEMPO": "uid-of-a-data-source"})


@condition()
def dashboard_uids(dashboards: list[t.Any], inputs: Inputs) -> Problem | None:
    """Dashboards that no other one takes the place of; they have been read by now."""
    uids = {definition.get("uid") for definition in inputs["__grafana_wiring_definitions"]}
    if len(uids) == len(dashboards):
        return None
    return Problem("dashboards, each with a uid of its own", "two dashboards with one uid", "remove one of them")


@condition()
def dashboard_inputs_complete(_values: dict[str, t.Any], inputs: Inputs) -> Problem | None:
    """A value for each input of a dashboard; they have been read by now."""
    try:
        lacking = missing(inputs["__grafana_wiring_definitions"], inputs["__grafana_wiring_inputs"])
    except DefinitionError as error:
        return Problem("values for dashboards that can be read", str(error), "correct grafana_wiring_dashboards")
    if not lacking:
        return None
    return Problem(
        "a value for each input of a dashboard that is neither Prometheus nor Loki",
        "no value for %s" % ", ".join(lacking),
        example={"DS_TEMPO": "uid-of-a-data-source"},
    )
