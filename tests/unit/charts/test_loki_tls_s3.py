# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutual TLS of Loki with its lines in S3: no port of any part answers plain text, in any mode."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from chart_objects import LAB, REAL, ROOT, loki_config
from chart_templates import release_values, render, templated_by
from live.s3 import configuration

TLS = {
    "loki_stack_tls": True,
    "loki_stack_agent": "promtail",
    "loki_stack_s3_bucket": "chunks",
    "loki_stack_s3_endpoint": "http://s3.example.org:9000",
    "__loki_stack_certificates": {"certificates": {"server": {"fingerprint": "of server"}}},
}
FOLDER = "/etc/loki-tls"
MODES = ["monolithic", "simple_scalable", "distributed"]
SERVER = {
    "cert_file": f"{FOLDER}/tls.crt",
    "key_file": f"{FOLDER}/tls.key",
    "client_ca_file": f"{FOLDER}/ca.crt",
    "client_auth_type": "RequireAndVerifyClientCert",
}
CLIENT = {
    "tls_enabled": True,
    "tls_ca_path": f"{FOLDER}/ca.crt",
    "tls_cert_path": f"{FOLDER}/tls.crt",
    "tls_key_path": f"{FOLDER}/tls.key",
    "tls_server_name": "loki.monitoring.svc",
}
# Connections of parts that no mode of the role has, and of an older index, which has one address only in the real chart.
UNUSED = {
    "pattern_ingester.client_config.grpc_client_config",
    "ruler.ruler_client",
    "bloom_build.builder.grpc_config",
    "bloom_gateway.client.grpc_client_config",
    "ingest_limits_frontend.client_config.grpc_client_config",
    "ingest_limits_frontend_client.grpc_client_config",
}


def configured(mode, folder):
    inputs = TLS | {"loki_stack_mode": mode}
    if REAL:
        return loki_config(render(folder, REAL[0] / "loki", "loki", release_values("loki_stack", inputs)["loki"]))
    return configuration.of_the_lab(folder, release_values("loki_stack", inputs)["loki"], mode)


def loki():
    cached = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "runtime-security/lab/parts/loki/loki"
    program = os.environ.get("LOKI") or shutil.which("loki") or (str(cached) if cached.exists() else None)
    assert program, "Loki is missing: put it in PATH, name it in $LOKI, or build the lab's (lab/build.py loki)"
    return program


def clients(config, path=()):
    """Each section of a client of gRPC, and of gossip, with its path."""
    if isinstance(config, dict):
        if "tls_enabled" in config and not {"etcd", "memcached_client", "redis", "bigtable"} & set(path):
            yield ".".join(path), config
        for key, section in config.items():
            yield from clients(section, (*path, str(key)))


@pytest.mark.parametrize("mode", MODES)
def test_loki_takes_it_and_leaves_no_connection_without_it(tmp_path, mode):
    config = configured(mode, tmp_path)
    # A pod has the limits of single tenants in a file.
    config.pop("runtime_config", None)
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [loki(), f"-config.file={file}", "-verify-config", "-print-config-stderr"]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-2000:]
    effective = yaml.safe_load("\n".join(line for line in run.stderr.splitlines() if not line.startswith("level=")))
    assert effective["internal_server"]["enable"] is False
    for protocol in ("http", "grpc"):
        tls = effective["server"][f"{protocol}_tls_config"]
        assert {key: tls[key] for key in SERVER} == SERVER
    found = dict(clients(effective))
    assert {path for path, client in found.items() if not client["tls_enabled"]} == UNUSED
    used = [client for path, client in found.items() if path not in UNUSED]
    assert [{key: client[key] for key in CLIENT} for client in used] == [CLIENT] * len(used)
    if mode == "distributed":
        frontend = effective["frontend"]
        assert frontend["tail_proxy_url"] == "https://loki-querier.monitoring.svc:3443"
        assert frontend["tail_tls_config"]["tls_cert_path"] == f"{FOLDER}/tls.crt"


@pytest.mark.parametrize("mode", MODES)
def test_what_all_its_pods_have(mode):
    values = release_values("loki_stack", TLS | {"loki_stack_mode": mode})["loki"]
    assert values["loki"]["server"]["http_listen_port"] == 3443
    for probe in ("readinessProbe", "livenessProbe"):
        assert values["loki"][probe]["tcpSocket"] == {"port": "http-metrics"}
        # Null takes the chart's own away.
        assert values["loki"][probe]["httpGet"] is None
    annotations = values["loki"]["podAnnotations"]
    assert (annotations["prometheus.io/port"], annotations["prometheus.io/scheme"]) == ("3443", "https")
    assert annotations["runtime-security/certificate"] == "of server"
    assert values["defaults"]["extraVolumes"][0]["secret"]["secretName"] == "loki-server-tls"
    # What it holds is written to S3 before it ends.
    assert values["singleBinary"].get("terminationGracePeriodSeconds") in (None, 300)
    for extra in values.get("extraObjects", []):
        assert extra["spec"]["ports"][0]["port"] == 3443


@pytest.mark.parametrize(
    ("mode", "asked"),
    [
        ("monolithic", {"loki"}),
        ("simple_scalable", {"loki", "loki-write"}),
        ("distributed", {"loki", "loki-distributor", "loki-querier"}),
    ],
)
def test_the_certificate_names_every_service_that_is_asked(mode, asked):
    inputs = TLS | {"loki_stack_mode": mode, "loki_stack_namespace": "logs"}
    server = templated_by("loki_stack", "__loki_stack_tls_certificates", inputs)[0]
    assert server["usage"] == ["server", "client"]
    assert {f"DNS:{name}.logs.svc" for name in asked} <= set(server["subject_alt_names"])
    host = templated_by("loki_stack", "__loki_stack_push_host", inputs).removeprefix("https://")
    assert host.partition(":") == (host.partition(":")[0], ":", "3443")
    assert f"DNS:{host.partition(':')[0]}" in server["subject_alt_names"]
    peer = templated_by("loki_stack", "__loki_stack_tls_peer", inputs)
    assert f"DNS:{peer['tls_server_name']}" in server["subject_alt_names"]


def test_one_replica_keeps_its_certificate():
    server = templated_by("loki_stack", "__loki_stack_tls_certificates", {"loki_stack_tls": True})[0]
    assert server["usage"] == ["server"]
    assert len(server["subject_alt_names"]) == 4


def test_only_its_own_pods_reach_grpc_and_gossip():
    policy = templated_by("loki_stack", "__loki_stack_policy", TLS)
    everybody, own = policy["spec"]["ingress"]
    assert everybody == {"ports": [{"port": 3443}]}
    assert own == {"from": [{"podSelector": policy["spec"]["podSelector"]}], "ports": [{"port": 9095}, {"port": 7946}]}


def test_prometheus_reads_the_metrics_with_the_values_of_the_documentation(tmp_path):
    page = (ROOT / "docs" / "encryption.md").read_text(encoding="utf-8")
    (block,) = [text for text in page.split("```yaml\n")[1:] if text.startswith("metrics_stack_prometheus_values")]
    inputs = yaml.safe_load(block.partition("```")[0]) | {"metrics_stack_prometheus_tls": True}
    values = release_values("metrics_stack", inputs)["prometheus"]
    objects = render(tmp_path, LAB / "prometheus", "prometheus", values)
    config = yaml.safe_load(objects["ConfigMap", "prometheus-server"]["data"]["prometheus.yml"])
    (job,) = [job for job in config["scrape_configs"] if job["job_name"] == "kubernetes-pods"]
    (spec,) = [o["spec"]["template"]["spec"] for (kind, _name), o in objects.items() if kind == "Deployment"]
    secrets = {v["name"]: v["secret"]["secretName"] for v in spec["volumes"] if "secret" in v}
    mounts = {m["mountPath"]: secrets.get(m["name"]) for m in spec["containers"][0]["volumeMounts"]}
    for file in (job["tls_config"]["cert_file"], job["tls_config"]["key_file"]):
        assert mounts[str(Path(file).parent)] == "loki-agent-tls"
    # The role's own stays.
    assert "prometheus-server-tls" in mounts.values()
    assert job["relabel_configs"]


if REAL:

    @pytest.mark.parametrize(("mode", "number"), [("monolithic", 1), ("simple_scalable", 3), ("distributed", 7)])
    def test_every_part_of_the_real_chart(tmp_path, mode, number):
        inputs = TLS | {"loki_stack_mode": mode}
        objects = render(tmp_path, REAL[0] / "loki", "loki", release_values("loki_stack", inputs)["loki"])
        workloads = [o for (kind, _name), o in objects.items() if kind in ("StatefulSet", "Deployment")]
        assert len(workloads) == number
        selector = templated_by("loki_stack", "__loki_stack_policy", inputs)["spec"]["podSelector"]["matchLabels"]
        for workload in workloads:
            template = workload["spec"]["template"]
            (main,) = template["spec"]["containers"]
            for probe in ("readinessProbe", "livenessProbe"):
                assert "httpGet" not in main[probe] and main[probe]["tcpSocket"] == {"port": "http-metrics"}
            assert main["readinessProbe"]["initialDelaySeconds"] == 30
            assert {port["name"]: port["containerPort"] for port in main["ports"]} == {
                "http-metrics": 3443,
                "grpc": 9095,
                "http-memberlist": 7946,
            }
            assert FOLDER in {mount["mountPath"] for mount in main["volumeMounts"]}
            annotations = template["metadata"]["annotations"]
            assert annotations["runtime-security/certificate"] == "of server"
            assert selector.items() <= template["metadata"]["labels"].items()
            assert template["spec"].get("terminationGracePeriodSeconds", 30) != 2
        ports = {
            port["port"] for (kind, _name), o in objects.items() if kind == "Service" for port in o["spec"]["ports"]
        }
        assert 3443 in ports and 3100 not in ports
        assert str(loki_config(objects)).count("http://") == 0
