# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of inputs of the role loki_stack that depend on each other."""

from __future__ import annotations

import typing as t

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.check import (
    Inputs,
    Problem,
    condition,
    matches,
)
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.names import is_dns_subdomain
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.numbers import is_between

# The parts of each mode whose number can be chosen; monolithic has several replicas on S3 only.
PARTS = {
    "monolithic": ("singleBinary",),
    "simple_scalable": ("write", "read", "backend"),
    "distributed": (
        "ingester",
        "distributor",
        "querier",
        "queryFrontend",
        "queryScheduler",
        "indexGateway",
        "compactor",
    ),
}
# Where distributions keep the audit log; the paths are in the role's vars.
AUDIT_LOGS = ("kubeadm", "rke2", "k3s")
_BUCKET = matches(r"[a-z0-9](?:[-a-z0-9]|\.(?!\.)){1,61}[a-z0-9]")
_REGION = matches("[-A-Za-z0-9]{0,63}")
_AUDIT_FILE = matches(r"(/(?!\.{1,2}/)[-.A-Za-z0-9_]+)+/(?!\.{1,2}$)[-.A-Za-z0-9_]+")
_SELECTOR = matches(r"(?s)\{.+\}")


def _on_s3(inputs: Inputs) -> bool:
    return inputs["loki_stack_mode"] != "monolithic" or inputs["loki_stack_s3_bucket"] != ""


@condition()
def loki_mode(mode: str, inputs: Inputs) -> Problem | None:
    """A mode that the variant has."""
    if mode == "monolithic" or inputs["loki_stack_variant"] != "classic":
        return None
    return Problem("monolithic, as loki_stack_variant is classic", fix="set it to 'monolithic'")


@condition()
def loki_agent(agent: str, inputs: Inputs) -> Problem | None:
    """An agent that the variant has."""
    if agent == "promtail" or inputs["loki_stack_variant"] != "classic":
        return None
    return Problem("promtail, as loki_stack_variant is classic", fix="set it to 'promtail'")


# Parts of the chart that the values can switch on, and that speak plain HTTP to Loki.
_PLAIN_PARTS = ("gateway", "lokiCanary", "test", "ruler")


@condition()
def loki_tls(tls: t.Any, inputs: Inputs) -> Problem | None:
    """Mutual TLS, where all that speaks to Loki can have it."""
    if not boolean(tls):
        return None
    if inputs["loki_stack_variant"] == "classic":
        return Problem("false, as loki_stack_variant is classic, whose chart cannot have it", fix="set it to false")
    values = inputs["loki_stack_values"]
    plain = [part for part in _PLAIN_PARTS if boolean((values.get(part) or {}).get("enabled", False), strict=False)]
    if not plain:
        return None
    expected = "false, as loki_stack_values enables %s, which speak plain HTTP to Loki" % ", ".join(plain)
    return Problem(expected, fix="set it to false, or remove these from loki_stack_values")


@condition()
def loki_audit_log(place: str, inputs: Inputs) -> Problem | None:
    """A place of the audit log that the agent reads."""
    if place == "stdout":
        return None
    if place not in AUDIT_LOGS and not _AUDIT_FILE(place):
        expected = f"stdout, {', '.join(AUDIT_LOGS)}, or the absolute path of a file in a folder (letters, digits, '-', '_' and '.')"
        return Problem(expected, example="/var/log/kubernetes/audit/audit.log")
    if inputs["loki_stack_agent"] == "alloy":
        return Problem("stdout, as loki_stack_agent is alloy", fix="set it to 'stdout', or loki_stack_agent to 'otel'")
    return None


@condition()
def loki_otel_only(wanted: bool, inputs: Inputs) -> Problem | None:
    """True only with the agent that can do it."""
    if not wanted or inputs["loki_stack_agent"] == "otel":
        return None
    return Problem("false, as loki_stack_agent is not otel", fix="set it to false, or loki_stack_agent to 'otel'")


@condition()
def loki_replicas(replicas: dict, inputs: Inputs) -> Problem | None:
    """Numbers of the parts that the mode has."""
    mode = inputs["loki_stack_mode"]
    parts = PARTS[mode]
    if not _on_s3(inputs):
        expected = "{} in mode monolithic without loki_stack_s3_bucket, where one pod has all lines in its volume"
        return Problem(expected, fix="set it to {}") if replicas else None
    numbers = all(isinstance(number, int) and is_between(number, 1, 100) for number in replicas.values())
    if numbers and set(replicas) <= set(parts) and replicas.get("compactor", 1) == 1:
        return None
    only = " (compactor only 1)" if "compactor" in parts else ""
    expected = "numbers from 1 to 100 of %s%s, as loki_stack_mode is %s" % (", ".join(parts), only, mode)
    return Problem(expected, example={parts[0]: 3})


@condition()
def loki_s3_bucket(bucket: str, inputs: Inputs) -> Problem | None:
    """A bucket, where the mode needs one."""
    if _BUCKET(bucket) or (bucket == "" and inputs["loki_stack_mode"] == "monolithic"):
        return None
    expected = "the name of a bucket (3 to 63 lower-case letters, digits, '.' and '-'), needed unless loki_stack_mode is monolithic"
    return Problem(expected, example="loki-chunks")


@condition()
def loki_s3_region(region: str, inputs: Inputs) -> Problem | None:
    """A region, where the address of the S3 service does not follow from an endpoint."""
    optional = not _on_s3(inputs) or inputs["loki_stack_s3_endpoint"] != ""
    if _REGION(region) and (region or optional):
        return None
    expected = "the region of loki_stack_s3_bucket (letters, digits and '-'), needed where loki_stack_s3_endpoint is ''"
    return Problem(expected, example="eu-central-1")


@condition()
def loki_s3_secret(secret: str, inputs: Inputs) -> Problem | None:
    """One way to the credentials of S3: a Secret, two keys, or none of them."""
    keys = [inputs["loki_stack_s3_access_key"], inputs["loki_stack_s3_secret_key"]]
    if any(keys) == all(keys) and (not secret or (is_dns_subdomain(secret) and not any(keys))):
        return None
    expected = (
        "the name of a Secret, with loki_stack_s3_access_key and loki_stack_s3_secret_key both '', or '' with both of them set,"
        " or all three '' where the nodes have an identity of their own"
    )
    return Problem(expected, "conflicting credentials of S3", fix="set the Secret or both keys, and the others to ''")


@condition()
def loki_retention_streams(streams: list[dict[str, t.Any]], _inputs: Inputs) -> Problem | None:
    """Selectors, each with its hours."""
    if all(_SELECTOR(stream.get("selector")) and is_between(stream.get("hours"), 24, 876000) for stream in streams):
        return None
    expected = "a list of {selector, hours}, the selector in braces as in a query, the hours from 24 to 876000"
    return Problem(expected, example=[{"selector": '{namespace="falco"}', "hours": 720}])
