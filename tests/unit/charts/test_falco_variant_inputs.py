# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each variant of falco_ebpf accepts, and what it refuses."""

from __future__ import annotations

import pytest
from role_inputs import refusal, refused

BOTH = pytest.mark.parametrize("name", ["current", "classic"])


@BOTH
def test_defaults_are_accepted(name):
    assert refusal("falco_ebpf", {"falco_ebpf_variant": name}, whole=True) == ""


@pytest.mark.parametrize(
    "inputs",
    [
        {"falco_ebpf_chart_version": "9.2.0", "falco_ebpf_version": "0.45.1"},
        {"falco_ebpf_version": "0.44.1", "falco_ebpf_values": {"falco": {"container_engines": {}}}},
        {"falco_ebpf_variant": "classic", "falco_ebpf_driver": "ebpf"},
        {"falco_ebpf_variant": "classic", "falco_ebpf_chart": "/charts/falco.tgz", "falco_ebpf_chart_version": "9.1.0"},
        {"falco_ebpf_variant": "classic", "falco_ebpf_values": {"falco": {"grpc": {"threadiness": 2}}}},
        {"falco_ebpf_values": {"falcosidekick": {"webui": {}}, "driver": {"modernEbpf": {"disableIterators": True}}}},
    ],
)
def test_what_a_variant_has_is_accepted(inputs):
    assert refusal("falco_ebpf", inputs, whole=True) == ""


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"falco_ebpf_version": "0.43.1"}, ["falco_ebpf_version:", "older ones are variant classic"]),
        ({"falco_ebpf_chart_version": "8.0.5"}, ["falco_ebpf_chart_version:", "older ones are variant classic"]),
        ({"falco_ebpf_driver": "ebpf"}, ["falco_ebpf_driver:", "modern_ebpf replaced it"]),
        ({"falco_ebpf_exporter_values": {"a": 1}}, ["falco_ebpf_exporter_values:", "falcosidekick takes"]),
        ({"falco_ebpf_values": {"falco": {"grpc": {}}}}, ["falco.grpc (", "falco.http_output"]),
        ({"falco_ebpf_values": {"falco": {"grpc_output": {}}}}, ["falco.grpc_output (", "falco.http_output"]),
        ({"falco_ebpf_values": {"falco": {"grpcOutput": {}}}}, ["falco.grpcOutput (", "no Falco has such a key"]),
        ({"falco_ebpf_values": {"driver": {"ebpf": {}}}}, ["driver.ebpf (", "driver.modernEbpf replaced"]),
        ({"falco_ebpf_values": {"driver": {"kind": "gvisor"}}}, ["driver.kind (", "falco_ebpf_driver"]),
        ({"falco_ebpf_values": {"certs": {"server": {"key": "k"}}}}, ["certs.server (", "in plain"]),
    ],
)
def test_the_current_variant_refuses(inputs, words):
    message = refusal("falco_ebpf", inputs, whole=True)
    assert refused("falco_ebpf", inputs) == [next(iter(inputs))]
    assert all(word in message for word in words), message


@pytest.mark.parametrize("replicas", [0, 21, "two", "", True])
def test_a_number_of_receivers_that_is_none_is_refused(replicas):
    assert "auto, or a number of pods from 1 to 20" in refusal("falco_ebpf", {"falco_ebpf_receiver_replicas": replicas})


@pytest.mark.parametrize(
    ("address", "twice"),
    [
        ("http://loki.monitoring.svc:3100", True),
        ("http://loki-gateway.monitoring", True),
        ("loki.monitoring:3100", True),
        ("http://loki.other.svc:3100", False),
        ("https://logs.example.org/loki.monitoring", False),
    ],
)
def test_events_are_not_sent_to_the_same_loki_twice(address, twice):
    message = refusal("falco_ebpf", {"falco_ebpf_outputs": {"loki": {"hostport": address}}})
    assert ("every event twice in one Loki" in message) is twice
    assert twice or message == ""


def test_keys_that_falco_0_45_no_longer_knows_are_refused_with_it():
    inputs = {"falco_ebpf_version": "0.45.1", "falco_ebpf_values": {"falco": {"container_engines": {"cri": {}}}}}
    message = refusal("falco_ebpf", inputs, whole=True)
    assert "falco.container_engines (" in message
    assert "collectors.containerEngine.engines" in message


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"falco_ebpf_version": "0.44.1"}, ["falco_ebpf_version:", "0.44.0 has no gRPC server"]),
        ({"falco_ebpf_chart_version": "9.1.0"}, ["falco_ebpf_chart_version:", "neither gRPC nor"]),
        ({"falco_ebpf_receiver_replicas": 2}, ["falco_ebpf_receiver_replicas:", "falco-exporter on each node"]),
        ({"falco_ebpf_outputs": {"slack": {"webhookurl": "x"}}}, ["falco_ebpf_outputs:", "in variant current"]),
        ({"falco_ebpf_exporter_values": {"certs": {"client": {}}}}, ["falco_ebpf_exporter_values:", "in plain"]),
        (
            {"falco_ebpf_exporter_values": {"falco": {"grpcUnixSocketPath": "unix:///run/falco/falco.sock"}}},
            ["falco_ebpf_exporter_values:", "nothing is encrypted on a socket"],
        ),
        (
            {"falco_ebpf_values": {"falco": {"grpc": {"bind_address": "unix:///run/falco/falco.sock"}}}},
            ["falco_ebpf_values:", "nothing is encrypted there"],
        ),
        (
            {"falco_ebpf_values": {"falcosidekick": {"enabled": True}}},
            ["falcosidekick (", "falco_ebpf_exporter_values"],
        ),
        ({"falco_ebpf_values": {"falco": {"grpcOutput": {}}}}, ["falco.grpcOutput (", "falco.grpc_output"]),
        ({"falco_ebpf_values": {"driver": {"gvisor": {}}}}, ["driver.gvisor (", "modern_ebpf, kmod and ebpf"]),
        (
            {"falco_ebpf_values": {"driver": {"modernEbpf": {"disableIterators": True}}}},
            ["driver.modernEbpf.disableIterators (", "Falco 0.44.1"],
        ),
        (
            {"falco_ebpf_values": {"metrics": {"kernelIterEventCountersEnabled": True}}},
            ["metrics.kernelIterEventCountersEnabled (", "Falco 0.44.1"],
        ),
    ],
)
def test_the_classic_variant_refuses(inputs, words):
    inputs = inputs | {"falco_ebpf_variant": "classic"}
    message = refusal("falco_ebpf", inputs, whole=True)
    assert refused("falco_ebpf", inputs) == [next(iter(inputs))]
    assert all(word in message for word in words), message
