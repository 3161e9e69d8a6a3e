# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of inputs of the role falco_ebpf that exist for variant classic: Falco 0.43 with falco-exporter."""

from __future__ import annotations

import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.check import (
    Inputs,
    Problem,
    condition,
)
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.numbers import is_between

# Keys of Falco's chart that it refuses, and what replaced them.
REFUSED_VALUES = {
    "falcosidekick": "this variant has no receiver that forwards events; falco-exporter counts them, and its values are"
    " falco_ebpf_exporter_values",
    "falco.grpcOutput": "the key is falco.grpc_output, and the role sets it",
    "driver.gvisor": "the role has modern_ebpf, kmod and ebpf",
    "driver.modernEbpf.disableIterators": "it came with Falco 0.44.1; in a pod iterators are off anyway",
    "metrics.kernelIterEventCountersEnabled": "it came with Falco 0.44.1",
}


@condition()
def exporter_values(values: dict[str, t.Any], inputs: Inputs) -> Problem | None:
    """Values of falco-exporter's chart, which only variant classic has."""
    if values and inputs["falco_ebpf_variant"] != "classic":
        expected = "{} in variant current, where falcosidekick takes falco-exporter's place; its values are"
        return Problem(expected + " falco_ebpf_values.falcosidekick", "not used in variant current", "set it to {}")
    if "certs" in values:
        expected = "no certs, since Helm would keep the key in plain; the role makes the certificate, or takes"
        expected += " falco_ebpf_client_certificate and falco_ebpf_client_key"
        return Problem(expected, "key in plain", "remove certs")
    section = values.get("falco")
    if isinstance(section, dict) and section.get("grpcUnixSocketPath"):
        expected = (
            "no falco.grpcUnixSocketPath, since nothing is encrypted on a socket; the exporter reaches Falco at %s:5060"
        )
        return Problem(expected % inputs["__falco_ebpf_grpc_host"], "Unix socket", "remove falco.grpcUnixSocketPath")
    return None


@condition()
def falco_grpc_address(values: dict[str, t.Any], _inputs: Inputs) -> Problem | None:
    """No Unix socket of Falco's gRPC server."""
    grpc = (values.get("falco") or {}).get("grpc")
    if not isinstance(grpc, dict) or not str(grpc.get("bind_address") or "").startswith("unix:"):
        return None
    expected = "no Unix socket in falco.grpc.bind_address, since nothing is encrypted there; the role sets 0.0.0.0:5060"
    return Problem(expected, "Unix socket", "remove falco.grpc.bind_address")


@condition()
def receiver_replicas(replicas: t.Any, inputs: Inputs) -> Problem | None:
    """A number of pods, or auto; not more than one, where variant classic has no falcosidekick."""
    classic = inputs["falco_ebpf_variant"] == "classic"
    if replicas == "auto" or is_between(replicas, 1, 1 if classic else 20):
        return None
    if classic:
        expected = "auto in variant classic, where a falco-exporter on each node takes falcosidekick's place"
        return Problem(expected, fix="set it to 'auto'")
    return Problem("auto, or a number of pods from 1 to 20", fix="set it to 'auto'")


@condition()
def outputs_of_variant(outputs: dict[str, t.Any], inputs: Inputs) -> Problem | None:
    """No outputs, where variant classic forwards nothing."""
    if inputs["falco_ebpf_variant"] == "current" or not outputs:
        return None
    expected = "{} in variant classic, where nothing forwards events; they are falcosidekick's, in variant current"
    return Problem(expected, "not used in variant classic", "set it to {}", hidden=True)
