# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values of the classic variant of falco_ebpf on its charts: Falco with gRPC, and falco-exporter."""

from __future__ import annotations

from falco_releases import LEARNT, REAL, annotations, falco_yaml, pod, ports, secrets, sensor_of


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
