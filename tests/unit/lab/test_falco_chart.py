# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's chart ``falco`` takes the values of the real one and renders the same names, ports and mounts.

With FALCO_CHART set to a folder of the real chart (falcosidekick's below its ``charts``) every test runs on that one too.
The same folder as the chart of the classic variant, and ``falco-exporter``: tests/unit/charts/test_falco_classic.py.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

LAB_CHART = Path(__file__).parents[3] / "lab/charts/falco"
CHARTS = [LAB_CHART, *(Path(folder) for folder in [os.environ.get("FALCO_CHART")] if folder)]

OFF = {"enabled": False}
VALUES = {
    "driver": {"kind": "modern_ebpf"},
    "tty": True,
    "image": {"registry": "registry.invalid", "repository": "falco", "tag": "1"},
    "falcoctl": {"artifact": {"install": OFF, "follow": OFF}},
    "falco": {"http_output": {"url": "https://falco-falcosidekick.falco.svc:2801/", "mtls": True}},
    "certs": {"existingClientSecret": "falco-client-tls"},
    "customRules": {"site.yaml": "- list: nothing\n  items: []\n"},
    "podAnnotations": {"certificate": "a"},
    "extra": {"args": ["-U"], "env": [{"name": "A", "value": "b"}]},
    "healthChecks": {"startupProbe": {"periodSeconds": 1}},
    "collectors": {"containerEngine": {"engines": {"docker": OFF, "podman": OFF, "containerd": OFF}}},
    "metrics": {"enabled": True, "service": {"annotations": {"prometheus.io/port": "8765"}}},
    "falcosidekick": {
        "enabled": True,
        "replicaCount": 1,
        "image": {"registry": "registry.invalid", "repository": "receiver", "tag": "1"},
        "podAnnotations": {"certificate": "b"},
        "config": {
            "tlsserver": {
                "deploy": True,
                "mutualtls": True,
                "existingSecret": "receiver-tls",
                "notlspaths": "/ping,/metrics",
            }
        },
        "service": {"annotations": {"prometheus.io/port": "2810"}},
    },
}


def helm_template(folder: Path, chart: Path, values: dict) -> subprocess.CompletedProcess[str]:
    program = os.environ.get("HELM") or shutil.which("helm")
    assert program, "Helm is missing: put it in PATH or name it in $HELM"
    (folder / "values.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    command = [program, "template", "falco", chart, "--namespace", "falco", "--values", folder / "values.yaml"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(params=CHARTS, ids=lambda chart: "lab" if chart == LAB_CHART else "real")
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, dict]:
    rendered = helm_template(tmp_path, request.param, VALUES)
    assert rendered.returncode == 0, rendered.stderr
    return {f"{o['kind']}/{o['metadata']['name']}": o for o in yaml.safe_load_all(rendered.stdout) if o}


def pod(workload: dict) -> tuple[dict, dict, dict]:
    """Pod template, its only container, and the mounts: path -> (kind of volume, what is mounted)."""
    template = workload["spec"]["template"]
    (container,) = template["spec"]["containers"]
    volumes = {volume.pop("name"): volume for volume in template["spec"]["volumes"]}
    return template, container, {mount["mountPath"]: volumes[mount["name"]] for mount in container["volumeMounts"]}


def environment(container: dict) -> dict[str, str]:
    return {variable["name"]: variable.get("value") for variable in container["env"]}


def test_sensor(objects):
    template, container, mounts = pod(objects["DaemonSet/falco"])
    assert template["metadata"]["annotations"]["certificate"] == "a"
    assert container["image"] == "registry.invalid/falco:1"
    assert container["args"] == ["/usr/bin/falco", "-U"]
    assert container["tty"] is True
    assert container["securityContext"] == {"privileged": True}
    assert container["ports"] == [{"name": "web", "containerPort": 8765, "protocol": "TCP"}]
    assert container["startupProbe"]["periodSeconds"] == 1
    assert container["readinessProbe"]["httpGet"] == {"path": "/healthz", "port": 8765}
    assert environment(container).items() >= {"HOST_ROOT": "/host", "FALCO_HOSTNAME": None, "A": "b"}.items()
    assert mounts["/host/run/containerd/containerd.sock"] == {"hostPath": {"path": "/run/containerd/containerd.sock"}}
    assert mounts["/etc/falco/certs/client"] == {"secret": {"secretName": "falco-client-tls"}}
    assert mounts["/etc/falco/rules.d"] == {"configMap": {"name": "falco-rules"}}
    assert mounts["/etc/falco/falco.yaml"]["configMap"]["name"] == "falco"
    assert mounts["/sys/kernel"] == {"hostPath": {"path": "/sys/kernel"}}
    assert "/host/var/run/docker.sock" not in mounts


def test_sensor_configuration(objects):
    config = yaml.safe_load(objects["ConfigMap/falco"]["data"]["falco.yaml"])
    assert config["json_output"] is True
    assert config["http_output"].items() >= {"enabled": True, **VALUES["falco"]["http_output"]}.items()
    assert config["webserver"].items() >= {"listen_port": 8765, "prometheus_metrics_enabled": True}.items()
    assert config["metrics"].items() >= {"enabled": True, "rules_counters_enabled": True}.items()
    assert config["engine"]["kind"] == "modern_ebpf"
    (plugin,) = config["plugins"]
    assert plugin["name"] == "container"
    assert plugin["init_config"]["engines"]["cri"]["enabled"] is True
    assert yaml.safe_load(objects["ConfigMap/falco-rules"]["data"]["site.yaml"]) == [{"list": "nothing", "items": []}]


def test_receiver(objects):
    template, container, mounts = pod(objects["Deployment/falco-falcosidekick"])
    assert objects["Deployment/falco-falcosidekick"]["spec"]["replicas"] == 1
    assert template["metadata"]["annotations"]["certificate"] == "b"
    assert container["image"] == "registry.invalid/receiver:1"
    assert {port["name"]: port["containerPort"] for port in container["ports"]} == {"http": 2801, "http-notls": 2810}
    assert container["readinessProbe"]["httpGet"] == {"path": "/ping", "port": "http-notls"}
    assert mounts == {"/etc/certs/server": {"secret": {"secretName": "receiver-tls"}}}
    assert (
        environment(container).items()
        >= {
            "TLSSERVER_DEPLOY": "true",
            "TLSSERVER_MUTUALTLS": "true",
            "TLSSERVER_CERTFILE": "/etc/certs/server/server.crt",
            "TLSSERVER_KEYFILE": "/etc/certs/server/server.key",
            "TLSSERVER_CACERTFILE": "/etc/certs/server/ca.crt",
            "TLSSERVER_NOTLSPORT": "2810",
            "TLSSERVER_NOTLSPATHS": "/ping,/metrics",
        }.items()
    )


@pytest.mark.parametrize(
    ("name", "ports", "annotation", "workload"),
    [
        ("falco-metrics", {"metrics": (8765, 8765)}, "8765", "DaemonSet/falco"),
        (
            "falco-falcosidekick",
            {"http": (2801, "http"), "http-notls": (2810, "http-notls")},
            "2810",
            "Deployment/falco-falcosidekick",
        ),
    ],
)
def test_service(objects, name, ports, annotation, workload):
    service = objects[f"Service/{name}"]
    assert {p["name"]: (p["port"], p["targetPort"]) for p in service["spec"]["ports"]} == ports
    assert service["metadata"]["annotations"]["prometheus.io/port"] == annotation
    labels = objects[workload]["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("url", ["", "https://elsewhere:2801"])
def test_receiver_switches_http_output_on(tmp_path, chart, url):
    values = VALUES | {"falco": {"http_output": {"url": url}}}
    rendered = helm_template(tmp_path, chart, values)
    (config,) = (
        o
        for o in yaml.safe_load_all(rendered.stdout)
        if o and (o["kind"], o["metadata"]["name"]) == ("ConfigMap", "falco")
    )
    assert (
        yaml.safe_load(config["data"]["falco.yaml"])["http_output"].items()
        >= {
            "enabled": True,
            "url": url or "http://falco-falcosidekick:2801",
        }.items()
    )


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"driver": {"kind": "ebpf"}}, "driver.kind=ebpf"),
        ({"driver": {"kind": "modern_ebpf", "gvisor": {}}}, "driver.gvisor"),
        ({"falco": {"grpc": OFF}}, "falco.grpc"),
        ({"falco": {"grpc_output": OFF}}, "falco.grpc_output"),
    ],
)
def test_removed_values_are_refused(tmp_path, chart, values, words):
    rendered = helm_template(tmp_path, chart, VALUES | values)
    assert rendered.returncode != 0
    assert words in rendered.stderr
    assert "no longer supported" in rendered.stderr


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"driver": {"kind": "kmod"}}, 'driver.kind is "kmod"'),
        ({"falcoctl": {"artifact": {"install": OFF}}}, "falcoctl.artifact.follow.enabled is true"),
        ({"controller": {"kind": "deployment"}}, 'controller.kind is "deployment"'),
    ],
)
def test_the_lab_refuses_what_it_has_not(tmp_path, values, words):
    rendered = helm_template(tmp_path, LAB_CHART, VALUES | values)
    assert rendered.returncode != 0
    assert words in rendered.stderr


@pytest.fixture
def classic(tmp_path: Path) -> Path:
    """The lab's chart as lab/package_parts.py packs it for the classic variant."""
    chart = shutil.copytree(LAB_CHART, tmp_path / "classic")
    facts = (chart / "Chart.yaml").read_text(encoding="utf-8")
    (chart / "Chart.yaml").write_text(facts.replace("version: 9.2.0", "version: 8.0.5"), encoding="utf-8")
    return chart


@pytest.mark.parametrize(
    ("grpc", "service"),
    [
        ({"enabled": True, "bind_address": "0.0.0.0:5061"}, [5061]),
        ({"enabled": True}, None),
        ({"bind_address": "0.0.0.0:5060"}, None),
    ],
)
def test_the_classic_chart_has_a_service_for_grpc_on_tcp(tmp_path, classic, grpc, service):
    values = VALUES | {
        "falco": {"grpc": grpc, "grpc_output": {"enabled": True}},
        "driver": {"kind": "modern_ebpf", "ebpf": {}},
    }
    rendered = helm_template(tmp_path, classic, values)
    assert rendered.returncode == 0, rendered.stderr
    found = {f"{o['kind']}/{o['metadata']['name']}": o for o in yaml.safe_load_all(rendered.stdout) if o}
    config = yaml.safe_load(found["ConfigMap/falco"]["data"]["falco.yaml"])
    assert config["grpc"] == {"enabled": False, "bind_address": "unix:///run/falco/falco.sock", "threadiness": 0} | grpc
    ports = found["Service/falco-grpc"]["spec"]["ports"] if "Service/falco-grpc" in found else None
    assert (ports and [port["port"] for port in ports]) == service


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"falco": {"grpcHostname": "falco", "grpcPort": 5060}}, "falco.grpcUnixSocketPath is set"),
        ({"falco": {"grpcUnixSocketPath": ""}, "certs": {"ca": {"crt": "c"}}}, "certs is set"),
    ],
)
def test_the_exporters_chart_refuses_what_the_lab_has_not(tmp_path, values, words):
    rendered = helm_template(tmp_path, LAB_CHART.parent / "falco-exporter", values)
    assert rendered.returncode != 0
    assert words in rendered.stderr
