# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inputs of metrics_stack on the lab's charts, and on the real ones where $REAL_CHARTS names their folder."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from chart_objects import BOTH, REAL

PLACEMENT = {
    "metrics_stack_priority_class": "high",
    "metrics_stack_node_selector": {"disk": "fast"},
    "metrics_stack_tolerations": [{"key": "observability", "operator": "Exists"}],
}
RESOURCES = {"limits": {"memory": "1Gi"}}


@pytest.fixture
def objects(rendered_release):
    """The objects of one release, by kind and name."""

    def _objects(charts, release, chart, **inputs):
        return rendered_release(charts, chart, "metrics_stack", release, inputs)

    return _objects


def pod_of(objects, kind, name):
    return objects[kind, name]["spec"]["template"]["spec"]


def has_placement(spec):
    return (spec["priorityClassName"], spec["nodeSelector"], spec["tolerations"]) == tuple(PLACEMENT.values())


@BOTH
def test_prometheus_may_read_what_discovery_takes_and_nothing_else(objects, charts):
    prometheus = objects(charts, "prometheus", "prometheus")
    roles = [item for (kind, _name), item in prometheus.items() if kind in ("ClusterRole", "Role")]
    (role,) = roles
    allowed = {
        (resource, verb) for rule in role["rules"] for resource in rule.get("resources", []) for verb in rule["verbs"]
    }
    listed = {
        (resource, verb)
        for resource in ("nodes", "services", "pods", "endpointslices")
        for verb in ("get", "list", "watch")
    }
    assert allowed == listed | {("nodes/metrics", "get")}
    binding = prometheus["ClusterRoleBinding", role["metadata"]["name"]]
    account = pod_of(prometheus, "Deployment", "prometheus-server")["serviceAccountName"]
    assert [(subject["name"], subject["namespace"]) for subject in binding["subjects"]] == [(account, "monitoring")]
    assert ("ServiceAccount", account) in prometheus


@BOTH
def test_a_users_further_objects_stand_beside_ours(objects, charts):
    extra = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "further"}}'
    prometheus = objects(
        charts, "prometheus", "prometheus", metrics_stack_prometheus_values={"extraManifests": [extra]}
    )
    assert ("ConfigMap", "further") in prometheus
    assert ("ClusterRole", "prometheus-server-monitoring") in prometheus


@BOTH
def test_rules_reach_prometheus_unchanged(objects, charts, tmp_path):
    alert = {"alert": "Down", "expr": "up == 0", "annotations": {"summary": "{{ $labels.instance }} is down"}}
    groups = [{"name": "site", "rules": [alert]}]
    (tmp_path / "site.yml").write_text(yaml.safe_dump({"groups": groups}), encoding="utf-8")
    inputs = {"metrics_stack_prometheus_rules": [str(tmp_path / "site.yml")]}
    config = objects(charts, "prometheus", "prometheus", **inputs)["ConfigMap", "prometheus-server"]["data"]
    named = [Path(file).name for file in yaml.safe_load(config["prometheus.yml"])["rule_files"]]
    files = [yaml.safe_load(config[name]) or {} for name in named if name in config]
    assert [group for file in files for group in file.get("groups", [])] == groups
    operator = objects(
        charts, "prometheus", "kube-prometheus-stack", metrics_stack_prometheus_mode="operator", **inputs
    )
    assert operator["PrometheusRule", "prometheus-runtime-security"]["spec"]["groups"] == groups


@BOTH
def test_prometheus_and_its_volume(objects, charts):
    inputs = PLACEMENT | {
        "metrics_stack_prometheus_resources": RESOURCES,
        "metrics_stack_prometheus_persistence": True,
        "metrics_stack_prometheus_persistence_storage_class": "fast",
    }
    prometheus = objects(charts, "prometheus", "prometheus", **inputs)
    spec = pod_of(prometheus, "Deployment", "prometheus-server")
    assert has_placement(spec)
    assert spec["containers"][0]["resources"] == RESOURCES
    assert prometheus["PersistentVolumeClaim", "prometheus-server"]["spec"]["storageClassName"] == "fast"
    assert prometheus["Deployment", "prometheus-server"]["spec"]["strategy"]["type"] == "Recreate"


@BOTH
def test_the_operators_prometheus(objects, charts):
    inputs = PLACEMENT | {
        "metrics_stack_prometheus_mode": "operator",
        "metrics_stack_prometheus_scrape_interval": "7s",
        "metrics_stack_prometheus_retention": "3d",
        "metrics_stack_prometheus_image_tag": "v3.15.0",
        "metrics_stack_prometheus_resources": RESOURCES,
        "metrics_stack_prometheus_persistence": True,
        "metrics_stack_prometheus_persistence_storage_class": "fast",
    }
    found = objects(charts, "prometheus", "kube-prometheus-stack", **inputs)
    spec = found["Prometheus", "prometheus"]["spec"]
    assert has_placement(spec)
    assert has_placement(pod_of(found, "Deployment", "prometheus-operator"))
    assert spec["image"] == "quay.io/prometheus/prometheus:v3.15.0"
    assert (spec["scrapeInterval"], spec["scrapeTimeout"], spec["evaluationInterval"]) == ("7s", "7s", "7s")
    assert (spec["retention"], spec["resources"]) == ("3d", RESOURCES)
    claim = spec["storage"]["volumeClaimTemplate"]
    assert (claim["spec"]["storageClassName"], claim["spec"]["resources"]["requests"]["storage"]) == ("fast", "8Gi")
    # By it removal tells it from that of another Prometheus of this name. Labels by which the StatefulSet selects are replaced.
    assert claim["metadata"]["labels"] == {"runtime-security/release": "prometheus"}
    # Monitors and rules of the whole cluster.
    for kind in ("rule", "serviceMonitor", "podMonitor", "probe", "scrapeConfig"):
        assert (spec[f"{kind}Selector"], spec[f"{kind}NamespaceSelector"]) == ({}, {}), kind


@BOTH
def test_the_operator_keeps_prometheus_address(objects, charts):
    found = objects(charts, "prometheus", "kube-prometheus-stack", metrics_stack_prometheus_mode="operator")
    service = found["Service", "prometheus-server"]["spec"]
    assert [(port["port"], port["targetPort"]) for port in service["ports"]] == [(80, 9090)]
    assert service["selector"].items() >= {"operator.prometheus.io/name": "prometheus"}.items()
    # Nothing that stays behind, and no job that the run would wait for.
    assert {kind for kind, _name in found} & {
        "Job",
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
    } == set()
    operator = pod_of(found, "Deployment", "prometheus-operator")["containers"][0]
    assert not any(argument.startswith("--kubelet-service") for argument in operator["args"])
    assert operator["readinessProbe"]["periodSeconds"] == 2


@BOTH
def test_the_operator_takes_up_annotations(objects, charts):
    found = objects(charts, "prometheus", "kube-prometheus-stack", metrics_stack_prometheus_mode="operator")
    for kind, name, endpoints in (
        ("ServiceMonitor", "annotated-services", "endpoints"),
        ("PodMonitor", "annotated-pods", "podMetricsEndpoints"),
    ):
        spec = found[kind, name]["spec"]
        assert (spec["selector"], spec["namespaceSelector"]) == ({}, {"any": True})
        (endpoint,) = spec[endpoints]
        assert endpoint["honorLabels"] is True
        targets = {rule.get("targetLabel") for rule in endpoint["relabelings"]}
        assert targets >= {"__scheme__", "__metrics_path__", "__address__", "node"}
        (kept,) = [rule for rule in endpoint["relabelings"] if rule.get("action") == "keep"]
        assert kept["sourceLabels"][0].endswith("annotation_prometheus_io_scrape")


@BOTH
def test_grafana_and_its_place(objects, charts):
    inputs = PLACEMENT | {
        "metrics_stack_grafana_resources": RESOURCES,
        "metrics_stack_grafana_persistence": True,
        "metrics_stack_grafana_persistence_storage_class": "fast",
        "metrics_stack_grafana_admin_secret": "site-grafana",
    }
    grafana = objects(charts, "grafana", "grafana", **inputs)
    spec = pod_of(grafana, "Deployment", "grafana")
    assert has_placement(spec)
    assert spec["containers"][0]["resources"] == RESOURCES
    assert grafana["PersistentVolumeClaim", "grafana"]["spec"]["storageClassName"] == "fast"
    sources = [entry.get("valueFrom", {}) for entry in spec["containers"][0]["env"]]
    secrets = {source["secretKeyRef"]["name"] for source in sources if "secretKeyRef" in source}
    assert "site-grafana" in secrets
    assert "grafana-admin" not in secrets


@BOTH
def test_grafana_serves_https(objects, charts):
    inputs = {
        "metrics_stack_grafana_tls_secret": "grafana-tls",
        "__metrics_stack_requirements": {"certificate_version": "17"},
    }
    grafana = objects(charts, "grafana", "grafana", **inputs)
    (port,) = grafana["Service", "grafana"]["spec"]["ports"]
    assert port["appProtocol"] == "https"
    spec = pod_of(grafana, "Deployment", "grafana")
    (main,) = spec["containers"]
    assert (main["readinessProbe"]["httpGet"]["scheme"], main["livenessProbe"]["httpGet"]["scheme"]) == (
        "HTTPS",
        "HTTPS",
    )
    (volume,) = [v for v in spec["volumes"] if v.get("secret", {}).get("secretName") == "grafana-tls"]
    (mount,) = [m for m in main["volumeMounts"] if m["name"] == volume["name"]]
    config = grafana["ConfigMap", "grafana"]["data"]["grafana.ini"]
    for line in (
        "protocol = https",
        f"cert_file = {mount['mountPath']}/tls.crt",
        f"cert_key = {mount['mountPath']}/tls.key",
    ):
        assert line in config
    annotations = grafana["Deployment", "grafana"]["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/scheme"] == "https"
    assert annotations["runtime-security/certificate-version"] == "17"


@BOTH
def test_prometheus_scrapes_a_grafana_with_https(objects, charts):
    prometheus = objects(charts, "prometheus", "prometheus", metrics_stack_grafana_tls_secret="grafana-tls")
    config = yaml.safe_load(prometheus["ConfigMap", "prometheus-server"]["data"]["prometheus.yml"])
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    assert jobs["kubernetes-pods"]["tls_config"] == {"insecure_skip_verify": True}
    assert "tls_config" not in jobs["kubernetes-service-endpoints"]


@BOTH
def test_grafanas_ingress(objects, charts):
    inputs = {
        "metrics_stack_grafana_service_type": "ClusterIP",
        "metrics_stack_grafana_ingress_host": "grafana.example.com",
        "metrics_stack_grafana_ingress_class": "nginx",
        "metrics_stack_grafana_ingress_tls_secret": "grafana-ingress",
    }
    grafana = objects(charts, "grafana", "grafana", **inputs)
    spec = grafana["Ingress", "grafana"]["spec"]
    assert spec["ingressClassName"] == "nginx"
    assert spec["tls"] == [{"secretName": "grafana-ingress", "hosts": ["grafana.example.com"]}]
    assert [rule["host"] for rule in spec["rules"]] == ["grafana.example.com"]
    assert "root_url = https://grafana.example.com" in grafana["ConfigMap", "grafana"]["data"]["grafana.ini"]


if REAL:
    # The lab has no image of the sidecar.
    def test_sidecars(objects):
        (charts,) = REAL
        grafana = objects(charts, "grafana", "grafana", metrics_stack_grafana_sidecars=True)
        spec = pod_of(grafana, "Deployment", "grafana")
        assert spec["automountServiceAccountToken"] is True
        assert {c["name"] for c in spec["containers"]} == {"grafana", "grafana-sc-dashboard", "grafana-sc-datasources"}
