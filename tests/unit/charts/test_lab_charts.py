# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles and the other parts rely on, on the lab's charts, and on the real ones where a checkout is at hand.

$REAL_CHARTS names a folder with the real charts (prometheus, grafana, loki, promtail, alloy), their dependencies built
or taken out of Chart.yaml.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
LAB = ROOT / "lab" / "charts"
REAL = [Path(os.environ["REAL_CHARTS"])] if "REAL_CHARTS" in os.environ else []
BOTH = pytest.mark.parametrize("charts", [LAB, *REAL], ids=["lab", "real"][: 1 + len(REAL)])


def pod(objects, kind, name):
    return objects[kind, name]["spec"]["template"]


def container(objects, kind, name):
    return pod(objects, kind, name)["spec"]["containers"][0]


def ports(service):
    return {(p["port"], p["targetPort"]) for p in service["spec"]["ports"]}


def mounts(objects, kind, name):
    return {(m["name"], m["mountPath"]) for m in container(objects, kind, name)["volumeMounts"]}


@BOTH
def test_prometheus(rendered, charts):
    inputs = {"metrics_stack_prometheus_scrape_interval": "7s", "metrics_stack_prometheus_retention": "3d"}
    prometheus = rendered(charts, "metrics_stack", **inputs)["prometheus"]
    assert ports(prometheus["Service", "prometheus-server"]) == {(80, 9090)}
    main = container(prometheus, "Deployment", "prometheus-server")
    assert "--storage.tsdb.retention.time=3d" in main["args"]
    assert main["readinessProbe"]["initialDelaySeconds"] == 0
    assert len(pod(prometheus, "Deployment", "prometheus-server")["spec"]["containers"]) == 1
    assert {("config-volume", "/etc/config"), ("storage-volume", "/data")} == mounts(
        prometheus, "Deployment", "prometheus-server"
    )
    config = yaml.safe_load(prometheus["ConfigMap", "prometheus-server"]["data"]["prometheus.yml"])
    assert config["global"] == {"scrape_interval": "7s", "scrape_timeout": "7s", "evaluation_interval": "7s"}
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    assert jobs.keys() >= {"prometheus", "kubernetes-api-servers", "kubernetes-service-endpoints", "kubernetes-pods"}
    for job, labels in (
        ("kubernetes-service-endpoints", {"namespace", "service", "node"}),
        ("kubernetes-pods", {"namespace", "pod", "node"}),
    ):
        assert {rule.get("target_label") for rule in jobs[job]["relabel_configs"]} >= labels


@BOTH
def test_a_changed_setting_of_prometheus_rolls_its_pod(rendered, charts):
    one, other = (
        pod(
            rendered(charts, "metrics_stack", metrics_stack_prometheus_scrape_interval=interval)["prometheus"],
            "Deployment",
            "prometheus-server",
        )["metadata"]["annotations"]
        for interval in ("15s", "30s")
    )
    assert one != other


@BOTH
def test_grafana(rendered, charts):
    grafana = rendered(charts, "metrics_stack")["grafana"]
    (port,) = grafana["Service", "grafana"]["spec"]["ports"]
    assert (port["port"], port["nodePort"]) == (80, 30300)
    template, main = pod(grafana, "Deployment", "grafana"), container(grafana, "Deployment", "grafana")
    secrets = {
        e["name"]: e["valueFrom"]["secretKeyRef"] for e in main["env"] if "secretKeyRef" in e.get("valueFrom", {})
    }
    assert secrets == {
        "GF_SECURITY_ADMIN_USER": {"name": "grafana-admin", "key": "admin-user"},
        "GF_SECURITY_ADMIN_PASSWORD": {"name": "grafana-admin", "key": "admin-password"},
    }
    assert template["metadata"]["annotations"]["runtime-security/admin-secret-version"] == "1"
    assert template["metadata"]["annotations"]["prometheus.io/port"] == str(main["ports"][0]["containerPort"])
    assert template["spec"]["automountServiceAccountToken"] is False
    assert not any(kind == "Secret" for kind, name in grafana)
    assert "reporting_enabled = false" in grafana["ConfigMap", "grafana"]["data"]["grafana.ini"]


@BOTH
def test_persistence_makes_claims(rendered, charts):
    inputs = {"metrics_stack_prometheus_persistence": True, "metrics_stack_grafana_persistence": True}
    releases = rendered(charts, "metrics_stack", **inputs)
    assert releases["prometheus"]["PersistentVolumeClaim", "prometheus-server"]["spec"]["resources"]["requests"] == {
        "storage": "8Gi"
    }
    assert releases["grafana"]["PersistentVolumeClaim", "grafana"]["spec"]["resources"]["requests"] == {
        "storage": "1Gi"
    }
    assert releases["grafana"]["Deployment", "grafana"]["spec"]["strategy"]["type"] == "Recreate"
    inputs = {"loki_stack_agent": "promtail", "loki_stack_persistence": True}
    loki = rendered(charts, "loki_stack", **inputs)["loki"]["StatefulSet", "loki"]["spec"]
    assert loki["volumeClaimTemplates"][0]["spec"]["resources"]["requests"] == {"storage": "10Gi"}
    assert loki["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Delete", "whenScaled": "Retain"}


@BOTH
def test_loki(rendered, charts):
    inputs = {"loki_stack_agent": "promtail", "loki_stack_retention_hours": 48, "loki_stack_ingestion_rate_mb": 5}
    loki = rendered(charts, "loki_stack", **inputs)["loki"]
    assert (3100, "http-metrics") in ports(loki["Service", "loki"])
    template, main = pod(loki, "StatefulSet", "loki"), container(loki, "StatefulSet", "loki")
    assert template["metadata"]["annotations"]["prometheus.io/port"] == str(main["ports"][0]["containerPort"])
    assert main["readinessProbe"]["initialDelaySeconds"] == 0
    assert {("config", "/etc/loki/config"), ("storage", "/var/loki"), ("temp", "/tmp")} <= mounts(
        loki, "StatefulSet", "loki"
    )
    config = yaml.safe_load(loki["ConfigMap", "loki"]["data"]["config.yaml"])
    assert config["auth_enabled"] is False
    assert config["common"]["ring"]["kvstore"]["store"] == "inmemory"
    assert config["ingester"]["lifecycler"]["min_ready_duration"] == "0s"
    limits = config["limits_config"]
    assert limits["retention_period"] == limits["reject_old_samples_max_age"] == "48h"
    assert (limits["ingestion_rate_mb"], limits["ingestion_burst_size_mb"]) == (5, 10)
    assert config["compactor"]["retention_enabled"] is True
    # No annotation on a Service: each of its ports would become a target.
    assert not any("prometheus.io/scrape" in (o["metadata"].get("annotations") or {}) for o in loki.values())


def relabelled(rules):
    return {rule["target_label"] for rule in rules if not rule["target_label"].startswith("__")}


@BOTH
def test_promtail(rendered, charts):
    promtail = rendered(charts, "loki_stack", loki_stack_agent="promtail")["promtail"]
    config = yaml.safe_load(promtail["Secret", "promtail"]["stringData"]["promtail.yaml"])
    (client,) = config["clients"]
    assert client["url"] == "http://loki.monitoring.svc:3100/loki/api/v1/push"
    assert client["backoff_config"]["max_retries"] == 0
    (job,) = config["scrape_configs"]
    assert relabelled(job["relabel_configs"]) == {"namespace", "pod", "container", "app", "node_name", "job"}
    template, main = pod(promtail, "DaemonSet", "promtail"), container(promtail, "DaemonSet", "promtail")
    positions = {m["name"]: m["mountPath"] for m in main["volumeMounts"]}["positions"]
    assert config["positions"]["filename"].startswith(f"{positions}/")
    assert [v["hostPath"]["path"] for v in template["spec"]["volumes"] if v["name"] == "positions"] == [positions]
    assert template["metadata"]["labels"]["app.kubernetes.io/part-of"] == "runtime_security.kubernetes"
    assert template["metadata"]["annotations"]["prometheus.io/port"] == str(main["ports"][0]["containerPort"])
    assert template["spec"]["tolerations"] == [{"operator": "Exists"}]


if REAL:
    # The lab has no Alloy: its module does not build from the Go module proxy.
    def test_alloy(rendered):
        (charts,) = REAL
        alloy = rendered(charts, "loki_stack")["alloy"]
        template, main = pod(alloy, "DaemonSet", "alloy"), container(alloy, "DaemonSet", "alloy")
        assert "--disable-reporting" in main["args"]
        assert "--storage.path=/var/lib/alloy" in main["args"]
        assert [v["hostPath"]["path"] for v in template["spec"]["volumes"] if v["name"] == "positions"] == [
            "/var/lib/alloy"
        ]
        assert template["metadata"]["annotations"]["prometheus.io/port"] == str(main["ports"][0]["containerPort"])
        # It may read pods, and nothing else.
        assert {r for rule in alloy["ClusterRole", "alloy"]["rules"] for r in rule["resources"]} == {"pods"}


def test_the_agents_put_the_same_labels_on_a_line():
    templates = ROOT / "roles" / "loki_stack" / "templates"
    promtail = yaml.safe_load((templates / "promtail_scrape_configs.yml.j2").read_text(encoding="utf-8"))
    labels = relabelled(promtail[0]["relabel_configs"])
    alloy = (templates / "config.alloy.j2").read_text(encoding="utf-8")
    assert {line.split('"')[1] for line in alloy.splitlines() if "target_label" in line and '"__' not in line} == labels


@pytest.mark.parametrize(
    ("role", "inputs", "message"),
    [
        (
            "metrics_stack",
            {"metrics_stack_prometheus_values": {"alertmanager": {"enabled": True}}},
            "alertmanager.enabled is true",
        ),
        (
            "metrics_stack",
            {"metrics_stack_grafana_values": {"admin": {"existingSecret": ""}}},
            "admin.existingSecret is empty",
        ),
        (
            "loki_stack",
            {"loki_stack_agent": "promtail", "loki_stack_values": {"gateway": {"enabled": True}}},
            "gateway.enabled is true",
        ),
        (
            "loki_stack",
            {"loki_stack_agent": "promtail", "loki_stack_values": {"singleBinary": {"replicas": 2}}},
            "one replica",
        ),
    ],
)
def test_the_lab_refuses_what_it_cannot_do(rendered, role, inputs, message):
    with pytest.raises(AssertionError, match=message):
        rendered(LAB, role, **inputs)
