# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the chart's values that users give to the role falco_ebpf, by variant."""

from __future__ import annotations

import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.ebpf.requirements import version_tuple
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks import falco_ebpf_classic
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.check import (
    Inputs,
    Problem,
    condition,
)

_SECTIONS = ("falco", "certs", "metrics", "driver", "falcosidekick")
_EVENTS = "its events go by falco.http_output to the receiver, which the role sets up"
_KIND = "the driver is chosen by falco_ebpf_driver, and checked before it is installed"
_CERTS = (
    "Helm would keep the key in plain; the role makes the certificates, or takes falco_ebpf_server_certificate,"
    " falco_ebpf_client_certificate and their keys"
)
# Keys that both variants refuse, and what replaced them.
_ALWAYS_REFUSED = {"driver.kind": _KIND, "certs.server": _CERTS, "certs.client": _CERTS}
_REFUSED = {
    "current": {
        "falco.grpc": "Falco 0.44 has no gRPC server; %s" % _EVENTS,
        "falco.grpc_output": "Falco 0.44 has no gRPC output; %s" % _EVENTS,
        "falco.grpcOutput": "no Falco has such a key; it was falco.grpc_output, and falco.http_output replaced it",
        "driver.ebpf": "driver.modernEbpf replaced the legacy eBPF driver",
        "driver.gvisor": "Falco 0.44 lacks this driver",
    },
    "classic": falco_ebpf_classic.REFUSED_VALUES,
}
# Keys of falco.yaml that a release and those after it do not know; Falco then says that the file's validation failed.
_REFUSED_SINCE = {
    "falco.container_engines": (
        "0.45",
        "Falco 0.45 does not know it, and none since 0.41 reads it; the container plugin's are collectors.containerEngine.engines",
    ),
}


@condition()
def falco_values(values: dict[str, t.Any], inputs: Inputs) -> Problem | None:
    """Values of Falco's chart, without keys that the role sets or the variant lacks."""
    sections = [values.get(name) for name in _SECTIONS]
    if not all(
        isinstance(section, dict) for section in [*filter(None, sections), *filter(None, [_modern_ebpf(values)])]
    ):
        expected = "values of the chart, of which %s and driver.modernEbpf are dictionaries" % ", ".join(_SECTIONS)
        return Problem(expected, example={"falco": {"priority": "notice"}})
    variant = inputs["falco_ebpf_variant"]
    refused = {**_REFUSED[variant], **_ALWAYS_REFUSED, **_refused_by(inputs["falco_ebpf_version"])}
    found = [key for key in _keys(values) if key in refused]
    if found:
        reasons = ", ".join("%s (%s)" % (key, refused[key]) for key in found)
        return Problem(
            "values without %s" % reasons, "keys that variant %s refuses" % variant, "remove %s" % ", ".join(found)
        )
    return None


def _refused_by(version: str) -> dict[str, str]:
    """The keys that this release of Falco does not know, and what replaced them; none for a version that is refused itself."""
    numbers = version_tuple(str(version))
    return {
        key: reason for key, (since, reason) in _REFUSED_SINCE.items() if numbers and numbers >= version_tuple(since)
    }


def _modern_ebpf(values: dict[str, t.Any]) -> t.Any:
    driver = values.get("driver")
    return driver.get("modernEbpf") if isinstance(driver, dict) else None


def _keys(values: dict[str, t.Any]) -> t.Iterator[str]:
    """All keys as deep as variants differ, in the form falco.grpc."""
    yield from values
    for section in ("falco", "certs", "metrics", "driver"):
        yield from ("%s.%s" % (section, key) for key in values.get(section) or {})
    yield from ("driver.modernEbpf.%s" % key for key in _modern_ebpf(values) or {})


@condition()
def falco_loads_rules(_values: dict[str, t.Any], inputs: Inputs) -> Problem | None:
    """Values that let Falco load all rules files."""
    never_loaded = inputs["__falco_ebpf_rules_read"]["never_loaded"]
    if not never_loaded:
        return None
    fix = "set, for example, {falco: {rules_files: [/etc/falco/falco_rules.yaml, /etc/falco/rules.d]}}"
    return Problem("values that let Falco load all rules", "; ".join(never_loaded), fix)
