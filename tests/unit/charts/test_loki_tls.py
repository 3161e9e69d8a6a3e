# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutual TLS of Loki in the charts: who has which certificate, and what stays reachable without one."""

from __future__ import annotations

import pytest
import yaml
from chart_objects import BOTH, container, loki_config, pod, secret
from chart_templates import templated_by
from role_inputs import refused

TLS = {"loki_stack_tls": True}
FINGERPRINTS = {
    "__loki_stack_certificates": {
        "certificates": {name: {"fingerprint": f"of {name}"} for name in ("server", "agent", "grafana")}
    }
}
S3 = {"loki_stack_s3_bucket": "chunks", "loki_stack_s3_endpoint": "http://s3.example.org:9000"}
FOLDER = "/etc/loki-tls"


def mounted(objects, kind, name):
    """The Secret behind the folder of the certificates in the first container."""
    (mount,) = [m for m in container(objects, kind, name)["volumeMounts"] if m["mountPath"] == FOLDER]
    assert mount["readOnly"] is True
    volumes = pod(objects, kind, name)["spec"]["volumes"]
    (volume,) = [volume for volume in volumes if volume["name"] == mount["name"]]
    assert volume["secret"]["defaultMode"] == 0o440
    return volume["secret"]["secretName"]


@BOTH
def test_loki_asks_for_a_certificate_everywhere_but_for_probes_and_metrics(rendered, charts):
    objects = rendered(charts, "loki_stack", **TLS | FINGERPRINTS | {"loki_stack_agent": "promtail"})["loki"]
    config = loki_config(objects)
    tls = config["server"]["http_tls_config"]
    assert tls["client_auth_type"] == "RequireAndVerifyClientCert"
    assert {tls[key] for key in ("cert_file", "key_file", "client_ca_file")} == {
        f"{FOLDER}/{name}" for name in ("tls.crt", "tls.key", "ca.crt")
    }
    assert config["server"]["tls_min_version"] == "VersionTLS12"
    internal = config["internal_server"]
    assert (internal["enable"], internal["register_instrumentation"]) == (True, True)
    assert internal["http_listen_port"] != config["server"]["http_listen_port"]
    # Settings of the chart's own stay.
    assert config["server"]["grpc_listen_port"] == 9095
    main, template = container(objects, "StatefulSet", "loki"), pod(objects, "StatefulSet", "loki")
    for probe in ("readinessProbe", "livenessProbe"):
        assert main[probe]["httpGet"]["port"] == internal["http_listen_port"]
        assert main[probe]["httpGet"].get("scheme", "HTTP") == "HTTP"
    annotations = template["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == str(internal["http_listen_port"])
    assert annotations["prometheus.io/scrape"] == "true"
    assert annotations["runtime-security/certificate"] == "of server"
    assert mounted(objects, "StatefulSet", "loki") == "loki-server-tls"
    # It is killed in the end, and nobody answers until then.
    assert template["spec"]["terminationGracePeriodSeconds"] == 2
    port = config["server"]["http_listen_port"]
    for service in ("loki", "loki-headless"):
        ports = {p["port"]: p["targetPort"] for p in objects["Service", service]["spec"]["ports"]}
        assert ports[port] == "http-metrics" and 3100 not in ports
    assert {p["name"]: p["containerPort"] for p in main["ports"]}["http-metrics"] == port


@BOTH
def test_promtail_has_a_certificate(rendered, charts):
    objects = rendered(charts, "loki_stack", **TLS | FINGERPRINTS | {"loki_stack_agent": "promtail"})["promtail"]
    (client,) = secret(objects, "promtail", "promtail.yaml")["clients"]
    assert client["url"] == "https://loki.monitoring.svc:3443/loki/api/v1/push"
    assert set(client["tls_config"]) == {"ca_file", "cert_file", "key_file"}
    assert mounted(objects, "DaemonSet", "promtail") == "loki-agent-tls"
    annotations = pod(objects, "DaemonSet", "promtail")["metadata"]["annotations"]
    assert (annotations["prometheus.io/port"], annotations["runtime-security/certificate"]) == ("3101", "of agent")


@BOTH
def test_the_collector_has_a_certificate(rendered, charts):
    objects = rendered(charts, "loki_stack", **TLS | FINGERPRINTS)["otel-agent"]
    config = yaml.safe_load(objects["ConfigMap", "otel-agent"]["data"]["relay"])
    exporter = config["exporters"]["otlp_http"]
    assert exporter["endpoint"] == "https://loki.monitoring.svc:3443/otlp"
    assert exporter["tls"] == {
        "ca_file": f"{FOLDER}/ca.crt",
        "cert_file": f"{FOLDER}/tls.crt",
        "key_file": f"{FOLDER}/tls.key",
    }
    assert exporter["sending_queue"]["storage"] == "file_storage/queue"
    assert mounted(objects, "DaemonSet", "otel-agent") == "loki-agent-tls"
    annotations = pod(objects, "DaemonSet", "otel-agent")["metadata"]["annotations"]
    assert annotations["runtime-security/certificate"] == "of agent"


@pytest.mark.parametrize(
    ("release", "agent"), [("audit", "otel"), ("audit", "promtail"), ("events", "otel"), ("nodes", "otel")]
)
def test_the_agents_of_other_lines_have_it_too(release, agent):
    inputs = TLS | FINGERPRINTS | {"loki_stack_audit_log": "kubeadm", "loki_stack_agent": agent}
    values = templated_by("loki_stack", f"__loki_stack_{release}_release", inputs)["values"]
    volumes, mounts = (
        (values["extraVolumes"], values["extraVolumeMounts"])
        if agent == "otel"
        else (values["defaultVolumes"], values["defaultVolumeMounts"])
    )
    assert [v["secret"]["secretName"] for v in volumes if "secret" in v] == ["loki-agent-tls"]
    assert FOLDER in {mount["mountPath"] for mount in mounts}
    assert values["podAnnotations"]["runtime-security/certificate"] == "of agent"
    assert f"{FOLDER}/tls.crt" in str(values["alternateConfig" if agent == "otel" else "config"])


def test_alloy_has_a_certificate():
    values = templated_by("loki_stack", "__loki_stack_alloy_values", TLS | FINGERPRINTS)
    content = values["alloy"]["configMap"]["content"]
    assert 'url        = "https://loki.monitoring.svc:3443/loki/api/v1/push"' in content
    block = content.partition("tls_config {")[2].partition("}")[0]
    assert [line.split() for line in block.strip().splitlines()] == [
        [key, "=", f'"{FOLDER}/{name}"']
        for key, name in (("ca_file", "ca.crt"), ("cert_file", "tls.crt"), ("key_file", "tls.key"))
    ]
    assert values["alloy"]["mounts"]["extra"][-1]["mountPath"] == FOLDER
    assert values["controller"]["volumes"]["extra"][-1]["secret"]["secretName"] == "loki-agent-tls"
    assert values["controller"]["podAnnotations"]["runtime-security/certificate"] == "of agent"
    assert values["controller"]["podAnnotations"]["prometheus.io/port"] == "12345"


def test_the_server_is_who_its_clients_ask_for():
    inputs = TLS | {"loki_stack_namespace": "logs"}
    server = templated_by("loki_stack", "__loki_stack_tls_certificates", inputs)[0]
    push = templated_by("loki_stack", "__loki_stack_push_host", inputs)
    assert f"DNS:{push.removeprefix('https://').partition(':')[0]}" in server["subject_alt_names"]


def test_removal_knows_everything_that_is_made():
    removed = [
        (one["kind"], one["metadata"]["name"]) for one in templated_by("loki_stack", "__loki_stack_tls_objects", {})
    ]
    certificates = templated_by("loki_stack", "__loki_stack_tls_certificates", {})
    ca = templated_by("loki_stack", "__loki_stack_ca", {})["name"]
    policies = templated_by("loki_stack", "__loki_stack_policies", TLS)
    names = {one["secret"] for one in certificates} | {ca, f"{ca}-next", f"{ca}-previous"}
    issued = {("Certificate", one["secret"]) for one in certificates}
    assert set(removed) == {("Secret", name) for name in names} | issued | {
        (policy["kind"], policy["metadata"]["name"]) for policy in policies
    }
    # cert-manager would write the Secret of a Certificate again.
    kinds = [kind for kind, _name in removed if kind != "NetworkPolicy"]
    assert kinds == sorted(kinds)
    # The CA goes last: without it a run that goes on after an interruption would make another one.
    assert removed[-1] == ("Secret", ca)


def test_only_the_port_with_certificates_is_open_to_all():
    policy = templated_by("loki_stack", "__loki_stack_policy", TLS | {"loki_stack_metrics_namespace": "metrics"})
    everybody, metrics = policy["spec"]["ingress"]
    assert everybody == {"ports": [{"port": 3443}]}
    assert metrics["ports"] == [{"port": 3101}]
    assert metrics["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "metrics"}}}]


@pytest.mark.parametrize("agent", ["otel", "promtail"])
@BOTH
def test_only_prometheus_reaches_the_agents(rendered, charts, agent):
    inputs = TLS | FINGERPRINTS | {"loki_stack_agent": agent, "loki_stack_audit_log": "kubeadm"}
    policy = templated_by("loki_stack", "__loki_stack_agent_policy", inputs)
    assert policy["spec"]["ingress"] == [
        {"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]}
    ]
    wanted = policy["spec"]["podSelector"]["matchLabels"].items()
    selected = {
        (kind, name)
        for release in rendered(charts, "loki_stack", **inputs).values()
        for (kind, name), one in release.items()
        if kind in ("DaemonSet", "StatefulSet", "Deployment")
        and wanted <= one["spec"]["template"]["metadata"]["labels"].items()
    }
    agents = {"otel": ["otel-agent", "otel-audit-agent"], "promtail": ["promtail", "promtail-audit"]}[agent]
    assert selected == {("DaemonSet", name) for name in agents}


@BOTH
def test_without_it_nothing_of_it_is_there(rendered, charts):
    releases = rendered(charts, "loki_stack")
    assert "tls" not in str(releases).lower().replace("tlsconfig", "")
    assert "internal_server" not in str(releases)


@pytest.mark.parametrize(
    ("inputs", "names"),
    [
        ({"loki_stack_tls": True}, []),
        ({"loki_stack_tls": True, "loki_stack_variant": "classic"}, ["loki_stack_tls"]),
        ({"loki_stack_tls": True, "loki_stack_values": {"gateway": {"enabled": True}}}, ["loki_stack_tls"]),
        ({"loki_stack_tls": True, "loki_stack_values": {"lokiCanary": {"enabled": True}}}, ["loki_stack_tls"]),
        ({"loki_stack_tls": True, "loki_stack_values": {"gateway": {"enabled": False}}}, []),
        ({"loki_stack_values": {"gateway": {"enabled": True}}}, []),
        (TLS | S3, []),
        (TLS | S3 | {"loki_stack_mode": "simple_scalable"}, []),
        (TLS | S3 | {"loki_stack_mode": "distributed"}, []),
        (TLS | S3 | {"loki_stack_values": {"gateway": {"enabled": True}}}, ["loki_stack_tls"]),
        ({"loki_stack_certificate_days": 20}, ["loki_stack_renew_before_days"]),
        ({"loki_stack_ca_days": 100}, ["loki_stack_ca_days"]),
    ],
)
def test_inputs(inputs, names):
    assert refused("loki_stack", inputs) == names


def test_the_continuous_proof_shows_its_certificate_to_https_alone():
    wanted = TLS | {"pipeline_proof_continuous": True}
    assert refused("pipeline_proof", wanted) == []
    plain = {"pipeline_proof_continuous_loki_url": "http://loki.monitoring.svc:3100"}
    assert refused("pipeline_proof", wanted | plain) == ["pipeline_proof_continuous"]
    assert refused("pipeline_proof", wanted | plain | {"pipeline_proof_continuous_loki_client_secret": ""}) == []
