# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of inputs of the role loki_stack that depend on each other."""

from __future__ import annotations

import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.check import (
    Inputs,
    Problem,
    condition,
    matches,
)
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.names import is_dns_subdomain
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.numbers import is_between

# The parts of each mode whose number can be chosen.
PARTS = {
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
_BUCKET = matches("[a-z0-9][-.a-z0-9]{1,61}[a-z0-9]")
_REGION = matches("[-A-Za-z0-9]{0,63}")
_SELECTOR = matches(r"(?s)\{.+\}")


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


@condition()
def loki_replicas(replicas: dict, inputs: Inputs) -> Problem | None:
    """Numbers of the parts that the mode has."""
    mode = inputs["loki_stack_mode"]
    parts = PARTS.get(mode, ())
    if not parts:
        return Problem("{} in mode %s" % mode, fix="set it to {}") if replicas else None
    numbers = all(isinstance(number, int) and is_between(number, 1, 100) for number in replicas.values())
    if numbers and set(replicas) <= set(parts) and replicas.get("compactor", 1) == 1:
        return None
    only = " (compactor only 1)" if "compactor" in parts else ""
    expected = "numbers from 1 to 100 of %s%s, as loki_stack_mode is %s" % (", ".join(parts), only, mode)
    return Problem(expected, example={parts[0]: 3})


@condition()
def loki_s3_bucket(bucket: str, inputs: Inputs) -> Problem | None:
    """A bucket, where the mode needs one."""
    if inputs["loki_stack_mode"] == "monolithic" or _BUCKET(bucket):
        return None
    expected = "the name of a bucket (3 to 63 lower-case letters, digits, '.' and '-'), needed unless loki_stack_mode is monolithic"
    return Problem(expected, example="loki-chunks")


@condition()
def loki_s3_region(region: str, inputs: Inputs) -> Problem | None:
    """A region, where the address of the S3 service does not follow from an endpoint."""
    optional = inputs["loki_stack_mode"] == "monolithic" or inputs["loki_stack_s3_endpoint"] != ""
    if _REGION(region) and (region or optional):
        return None
    expected = "the region of the bucket (letters, digits and '-'), needed where loki_stack_s3_endpoint is ''"
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
