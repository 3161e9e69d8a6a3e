# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values of both variants of falco_ebpf, and those of the current one, on Falco's charts."""

from __future__ import annotations

import pytest
from falco_releases import LEARNT, annotations, falco_yaml, pod, ports, secrets, sensor_of

BOTH = pytest.mark.parametrize("name", ["current", "classic"])


@BOTH
def test_the_sensor_is_the_same_in_both_variants(variant, name):
    objects = variant(name)["falco"]
    template, container = pod(sensor_of(objects))
    assert container["image"] == "r.invalid/sensor:1"
    assert container["securityContext"] == {"privileged": True}
    assert container["tty"] is True
    assert template["spec"]["tolerations"] == [{"operator": "Exists"}]
    assert template["spec"]["priorityClassName"] == "system-node-critical"
    assert not template["spec"].get("initContainers")
    assert template["metadata"]["annotations"]["runtime-security/driver"] == "modern_ebpf"
    assert ports(objects["Service", "falco-metrics"]) == {(8765, 8765)}
    scraped = objects["Service", "falco-metrics"]["metadata"]["annotations"]
    assert (scraped["prometheus.io/scrape"], scraped["prometheus.io/port"]) == ("true", "8765")
    config = falco_yaml(objects)
    assert (config["json_output"], config["stdout_output"]["enabled"]) == (True, True)
    assert config["engine"]["kind"] == "modern_ebpf"
    assert config["engine"]["modern_ebpf"]["buf_size_preset"] == 4
    assert sensor_of(objects)["spec"]["updateStrategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


@BOTH
def test_least_privilege(variant, name):
    _template, container = pod(sensor_of(variant(name, falco_ebpf_least_privilege=True)["falco"]))
    assert container["securityContext"] == {"capabilities": {"add": ["BPF", "SYS_RESOURCE", "PERFMON", "SYS_PTRACE"]}}


def test_the_current_variant_sends_by_http(variant):
    ((release, objects),) = variant("current").items()
    assert release == "falco"
    config = falco_yaml(objects)
    assert config["http_output"]["url"] == "https://falco-falcosidekick.falco.svc:2801/"
    assert config["http_output"]["mtls"] is True
    assert not {"grpc", "grpc_output"} & config.keys()
    assert secrets(sensor_of(objects)) == {"/etc/falco/certs/client": ("falco-client-tls", None, True)}
    assert annotations(sensor_of(objects))["runtime-security/certificate"] == "fingerprint of the client"
    receiver = objects["Deployment", "falco-falcosidekick"]
    assert annotations(receiver)["runtime-security/certificate"] == "fingerprint of the server"
    assert pod(receiver)[1]["image"] == "r.invalid/receiver:2"
    assert secrets(receiver)["/etc/certs/server"][:2] == ("falco-receiver-tls", None)
    assert not any("grpc" in name for kind, name in objects)


@pytest.mark.parametrize(
    ("inputs", "replicas"),
    [
        ({}, 1),
        ({"__falco_ebpf_host_proc": {"nodes": {"a": []}}}, 1),
        ({"__falco_ebpf_host_proc": {"nodes": {"a": [], "b": None}}}, 2),
        ({"__falco_ebpf_host_proc": {"nodes": {"a": [], "b": []}}, "falco_ebpf_receiver_replicas": 1}, 1),
        ({"falco_ebpf_receiver_replicas": "3"}, 3),
    ],
)
def test_two_receivers_where_there_are_two_nodes(variant, inputs, replicas):
    receiver = variant("current", **inputs)["falco"]["Deployment", "falco-falcosidekick"]["spec"]
    assert receiver["replicas"] == replicas
    (term,) = receiver["template"]["spec"]["affinity"]["podAntiAffinity"][
        "preferredDuringSchedulingIgnoredDuringExecution"
    ]
    apart = term["podAffinityTerm"]
    assert apart["topologyKey"] == "kubernetes.io/hostname"
    assert apart["labelSelector"]["matchLabels"].items() <= receiver["template"]["metadata"]["labels"].items()


@BOTH
def test_outputs_that_hang_cannot_take_all_memory(variant, name):
    assert falco_yaml(variant(name)["falco"])["outputs_queue"] == {"capacity": 10000}


@BOTH
def test_the_images_are_of_the_version_that_nodes_are_checked_for(name, templated):
    version = {"current": "0.45.1", "classic": "0.43.0"}[name]
    inputs = {**LEARNT, "falco_ebpf_variant": name, "falco_ebpf_version": version}
    values = templated("__falco_ebpf_sensor_values", **inputs)
    assert values["image"] == {"tag": version}
    assert values["driver"]["loader"]["initContainer"]["image"] == {"tag": version}
    own = {"repository": "own/falco", "tag": "debian"}
    assert templated("__falco_ebpf_sensor_values", **inputs, falco_ebpf_image=own)["image"] == own
