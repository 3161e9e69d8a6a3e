# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of inputs of the role falco_ebpf that depend on each other."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco import rule_sets
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.charts import (
    is_chart_version,
    is_path,
)
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.check import (
    Check,
    Inputs,
    Problem,
    condition,
    expect,
    matches,
    named,
)

# Names of the checks of ebpf_readiness_info.
FINDINGS = (
    "architecture",
    "attach_points",
    "btf",
    "capabilities",
    "driver_artifact",
    "environment",
    "falco_version",
    "helpers",
    "inotify",
    "kernel",
    "known_bad_kernel",
    "lockdown",
    "lsm",
    "maps",
    "memlock",
    "memory",
    "module_loading",
    "module_signature",
    "perf_buffer",
    "perf_event_array",
    "process_table",
    "raw_tracepoint",
    "ring_buffer",
    "seccomp",
    "toctou",
    "user_namespace",
)
_RELEASE = matches(r"[0-9]+[.][0-9]+[.][0-9]+")
# Of each variant: the releases of Falco from the first to below the second, an example, and both in words.
_VERSIONS = {
    "current": ((0, 44), None, "0.45.1", "0.44.0 or newer, as older ones are variant classic"),
    "classic": ((0, 43), (0, 44), "0.43.1", "0.43.0 to 0.43.9, as 0.44.0 has no gRPC server"),
}
_CHARTS = {
    "current": ((9,), None, "9.2.0", "9.0.0 or newer, as older ones are variant classic"),
    "classic": ((0,), (9,), "8.0.5", "8.x, as 9.0.0 has neither gRPC nor the legacy eBPF driver"),
}


@condition()
def falco_version(version: str, inputs: Inputs) -> Problem | None:
    """A release of Falco that belongs to the variant."""
    first, end, example, words = _VERSIONS[inputs["falco_ebpf_variant"]]
    if _RELEASE(version) and _is_within(version, first, end):
        return None
    expected = "the version that chart %s runs, %s" % (inputs["falco_ebpf_chart_version"], words)
    return Problem(expected, fix="set it to, for example, '%s'" % example)


@condition()
def falco_chart_version(version: str, inputs: Inputs) -> Problem | None:
    """A chart of Falco that belongs to the variant; a local one says itself which it is."""
    first, end, example, words = _CHARTS[inputs["falco_ebpf_variant"]]
    if is_path(inputs["falco_ebpf_chart"]) or (is_chart_version(version) and _is_within(version, first, end)):
        return None
    return Problem("one version of the chart, %s" % words, fix="set it to, for example, '%s'" % example)


def _is_within(version: str, first: tuple[int, ...], end: tuple[int, ...] | None) -> bool:
    numbers = tuple(int(number) for number in version.partition("-")[0].partition("+")[0].split("."))
    return first <= numbers and (end is None or numbers < end)


@condition()
def falco_driver(driver: str, inputs: Inputs) -> Problem | None:
    """A driver that the variant has."""
    if driver != "ebpf" or inputs["falco_ebpf_variant"] == "classic":
        return None
    expected = "auto, modern_ebpf or kmod, as Falco %s lacks the legacy eBPF driver; modern_ebpf replaced it"
    return Problem(expected % inputs["falco_ebpf_version"], fix="set it to 'modern_ebpf'")


@condition()
def accepted_findings(findings: list[str], _inputs: Inputs) -> Problem | None:
    """Findings of the readiness gate."""
    if set(findings) <= set(FINDINGS):
        return None
    return Problem("names of checks of ebpf_readiness_info: %s" % ", ".join(FINDINGS), example=["memlock"])


@condition()
def falco_rules(_rules: object, inputs: Inputs) -> Problem | None:
    """Rules files that can be read."""
    problems = inputs["__falco_ebpf_rules_read"]["problems"]
    if not problems:
        return None
    return Problem(
        "a list of rules files, each a path, an address or {name, src} or {name, content}",
        "; ".join(problems),
        example=[{"name": "ours", "src": "rules/ours.yaml"}],
        hidden=True,
    )


@named
def rule_set_version() -> Check:
    """A version of a rule set, which has three numbers, perhaps with the digest of its artifact."""
    return expect(
        lambda value: isinstance(value, str) and rule_sets.VERSION.match(value) is not None,
        "a version of three numbers, best with the digest of its artifact (VERSION@sha256:DIGEST)",
        "5.1.0",
    )


@condition()
def rule_sets_signer(signer: dict[str, t.Any], _inputs: Inputs) -> Problem | None:
    """Nobody, or an issuer with one form of an identity."""
    identities = [key for key in ("identity", "identity_regexp") if signer.get(key)]
    if not signer or (signer.get("issuer") and len(identities) == 1):
        return None
    return Problem(
        "{issuer, identity}, {issuer, identity_regexp} or {}",
        example={"issuer": "https://issuer.example", "identity": "https://example.com/release"},
    )


@condition()
def outputs_not_twice(outputs: dict[str, t.Any], inputs: Inputs) -> Problem | None:
    """No output to the Loki that gets Falco's events as log lines already."""
    address = str((outputs.get("loki") or {}).get("hostport") or "")
    namespace = inputs["__falco_ebpf_loki_namespace"]
    if not re.search(r"(?:^|//)loki(?:-[a-z-]+)?[.]%s(?:[.:/]|$)" % re.escape(namespace), address):
        return None
    return Problem(
        "outputs without the Loki of namespace %s, to which the log agent sends Falco's events already" % namespace,
        "every event twice in one Loki",
        "remove loki",
        hidden=True,
    )
