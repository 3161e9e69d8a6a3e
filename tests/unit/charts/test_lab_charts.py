# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles and the other parts rely on, on the lab's charts, and on the real ones where a checkout is at hand.

$REAL_CHARTS names a folder with the real charts (prometheus, grafana; those of Loki in test_loki_charts.py), their
dependencies built or taken out of Chart.yaml.
"""

from __future__ import annotations

import pytest
import yaml
from chart_objects import BOTH, LAB, container, pod


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
    grafana = rendered(charts, "metrics_stack", __metrics_stack_admin={"version": "1"})["grafana"]
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
    ],
)
def test_the_lab_refuses_what_it_cannot_do(rendered, role, inputs, message):
    with pytest.raises(AssertionError, match=message):
        rendered(LAB, role, **inputs)
