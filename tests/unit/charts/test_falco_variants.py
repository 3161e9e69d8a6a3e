# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values of both variants of falco_ebpf, on the lab's charts, and on the real ones where checkouts of them are at hand.

$REAL_FALCO_CHARTS names a folder with current/falco, classic/falco and classic/falco-exporter: the real charts, each with
the charts it needs below its own folder charts.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from chart_templates import lab_falco_charts, templated_by

ROOT = Path(__file__).parents[3]
LAB = ROOT / "lab" / "charts"
REAL = [Path(os.environ["REAL_FALCO_CHARTS"])] if "REAL_FALCO_CHARTS" in os.environ else []
# What the role learns at run time.
LEARNT = {
    "__falco_ebpf_chosen": "modern_ebpf",
    "__falco_ebpf_certificates": {
        "certificates": {
            "server": {"fingerprint": "fingerprint of the server"},
            "client": {"fingerprint": "fingerprint of the client"},
        }
    },
}
IMAGES = {
    "falco_ebpf_image": {"registry": "r.invalid", "repository": "sensor", "tag": "1"},
    "falco_ebpf_receiver_image": {"registry": "r.invalid", "repository": "receiver", "tag": "2"},
    "falco_ebpf_exporter_image": {"registry": "r.invalid", "repository": "exporter", "tag": "3"},
}

BOTH = pytest.mark.parametrize("name", ["current", "classic"])


@pytest.fixture(params=[LAB, *REAL], ids=["lab", "real"][: 1 + len(REAL)])
def variant(request, tmp_path, rendered):
    """The objects of a variant by release, with its inputs."""

    def _variant(name: str, **inputs: object):
        folder = request.param / name
        if request.param == LAB:
            folder = lab_falco_charts(tmp_path / name, name)
        return rendered(folder, "falco_ebpf", **LEARNT, **IMAGES, falco_ebpf_variant=name, **inputs)

    return _variant


@pytest.fixture
def templated():
    """A variable of the role, with its inputs."""
    return lambda variable, **inputs: templated_by("falco_ebpf", variable, inputs)


def pod(workload):
    template = workload["spec"]["template"]
    (container,) = template["spec"]["containers"]
    return template, container


def secrets(workload):
    """Mounted Secrets: path -> (name, keys that are picked or None for all, whether they are read only)."""
    template, container = pod(workload)
    volumes = {v["name"]: v["secret"] for v in template["spec"]["volumes"] if "secret" in v}
    return {
        mount["mountPath"]: (
            volumes[mount["name"]]["secretName"],
            {item["key"] for item in volumes[mount["name"]].get("items", [])} or None,
            mount.get("readOnly"),
        )
        for mount in container["volumeMounts"]
        if mount["name"] in volumes
    }


def annotations(workload):
    return workload["spec"]["template"]["metadata"]["annotations"]


def falco_yaml(objects):
    return yaml.safe_load(objects["ConfigMap", "falco"]["data"]["falco.yaml"])


def ports(service):
    return {(p["port"], p.get("targetPort")) for p in service["spec"]["ports"]}


def sensor_of(objects):
    return objects["DaemonSet", "falco"]


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


def test_the_classic_variant_hands_out_by_grpc(variant):
    releases = variant("classic")
    assert list(releases) == ["falco", "falco-exporter"]
    objects = releases["falco"]
    config = falco_yaml(objects)
    assert config["grpc"]["enabled"] is True
    assert config["grpc"]["bind_address"] == "0.0.0.0:5060"
    assert config["grpc_output"] == {"enabled": True}
    assert config["http_output"]["enabled"] is False
    assert "disable_iterators" not in config["engine"]["modern_ebpf"]
    assert secrets(sensor_of(objects)) == {"/etc/falco/certs": ("falco-grpc-tls", None, True)}
    assert annotations(sensor_of(objects))["runtime-security/certificate"] == "fingerprint of the server"
    assert objects["Service", "falco-grpc"]["spec"]["clusterIP"] == "None"
    assert [p["port"] for p in objects["Service", "falco-grpc"]["spec"]["ports"]] == [5060]
    assert not any(kind == "Deployment" or "sidekick" in name for kind, name in objects)
    assert not any(kind == "Secret" for kind, name in objects)


def test_the_exporter(variant):
    objects = variant("classic")["falco-exporter"]
    exporter = objects["DaemonSet", "falco-exporter"]
    template, container = pod(exporter)
    assert container["image"] == "r.invalid/exporter:3"
    assert container["args"][1:4] == [
        "--client-hostname=falco-grpc-local.falco.svc",
        "--client-port=5060",
        "--timeout=2m",
    ]
    assert not any("socket" in argument for argument in container["args"])
    # The Secret is the role's: the chart makes one only from keys in its values.
    assert not any(kind == "Secret" for kind, name in objects)
    assert secrets(exporter) == {
        "/etc/falco/certs": ("falco-exporter-certs", {"ca.crt", "client.crt", "client.key"}, True)
    }
    assert annotations(exporter) == {"runtime-security/certificate": "fingerprint of the client"}
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert template["spec"]["securityContext"] == {"runAsNonRoot": True, "runAsUser": 65534}
    assert template["spec"]["tolerations"] == [{"operator": "Exists"}]
    assert template["spec"]["priorityClassName"] == "system-node-critical"
    assert {p["name"]: p["containerPort"] for p in container["ports"]} == {"metrics": 9376}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readiness", "port": 19376}
    assert container["livenessProbe"]["httpGet"] == {"path": "/liveness", "port": 19376}
    assert container["readinessProbe"]["initialDelaySeconds"] == container["readinessProbe"]["periodSeconds"] == 1
    service = objects["Service", "falco-exporter"]
    assert ports(service) == {(9376, 9376)}
    assert service["metadata"]["annotations"] == {"prometheus.io/scrape": "true", "prometheus.io/port": "9376"}
    # What the role's own objects select.
    assert (
        template["metadata"]["labels"].items()
        >= {
            "app.kubernetes.io/name": "falco-exporter",
            "app.kubernetes.io/instance": "falco-exporter",
        }.items()
    )


def test_the_exporter_has_a_monitor_where_the_operator_is(variant):
    inputs = {"__falco_ebpf_has_monitors": True, "falco_ebpf_monitor_labels": {"release": "stack"}}
    service = variant("classic", **inputs)["falco-exporter"]["Service", "falco-exporter"]
    assert service["metadata"]["annotations"]["prometheus.io/scrape"] == "false"


def test_the_legacy_driver_belongs_to_the_classic_line(templated):
    values = templated("__falco_ebpf_values", falco_ebpf_variant="classic", falco_ebpf_buffer_preset=5, **LEARNT)
    assert values["driver"]["ebpf"] == {"bufSizePreset": 5, "leastPrivileged": False}
    assert "ebpf" not in templated("__falco_ebpf_values", **LEARNT)["driver"]


if REAL:
    # The lab's sensor has modern eBPF programs only.
    def test_the_legacy_driver_is_loaded_before_falco(rendered):
        inputs = LEARNT | {
            "__falco_ebpf_chosen": "ebpf",
            "falco_ebpf_variant": "classic",
            "falco_ebpf_buffer_preset": 5,
        }
        objects = rendered(REAL[0] / "classic", "falco_ebpf", **inputs)["falco"]
        template, _container = pod(sensor_of(objects))
        assert [c["name"] for c in template["spec"]["initContainers"]] == ["falco-driver-loader"]
        engine = falco_yaml(objects)["engine"]
        assert (engine["kind"], engine["ebpf"]["buf_size_preset"]) == ("ebpf", 5)


def test_the_certificate_is_for_the_name_the_exporter_asks_for(templated):
    server, client = templated("__falco_ebpf_classic_certificates", falco_ebpf_namespace="sensors")
    asked = templated("__falco_ebpf_exporter_values", falco_ebpf_variant="classic", falco_ebpf_namespace="sensors")
    (service,) = templated("__falco_ebpf_classic_objects", falco_ebpf_namespace="sensors")
    host = asked["falco"]["grpcHostname"]
    assert f"DNS:{host}" in server["subject_alt_names"]
    assert host == f"{service['metadata']['name']}.{service['metadata']['namespace']}.svc"
    assert service["spec"]["internalTrafficPolicy"] == "Local"
    assert (server["usage"], client["usage"]) == (["server"], ["client"])


@BOTH
def test_the_images_are_of_the_version_that_nodes_are_checked_for(name, templated):
    version = {"current": "0.45.1", "classic": "0.43.0"}[name]
    inputs = {**LEARNT, "falco_ebpf_variant": name, "falco_ebpf_version": version}
    values = templated("__falco_ebpf_sensor_values", **inputs)
    assert values["image"] == {"tag": version}
    assert values["driver"]["loader"]["initContainer"]["image"] == {"tag": version}
    own = {"repository": "own/falco", "tag": "debian"}
    assert templated("__falco_ebpf_sensor_values", **inputs, falco_ebpf_image=own)["image"] == own
