# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role pipeline_proof before there is something to prove."""

from __future__ import annotations

import json

import pytest
import yaml
from api_double import Cluster
from objects_double import KINDS, made
from plays import TOP, entry, run
from test_grafana_in_cluster import secret, service

LABELS = {"app.kubernetes.io/name": "pipeline-proof", "app.kubernetes.io/managed-by": "runtime_security.kubernetes"}


@pytest.mark.parametrize("context", ["double", "nowhere"])
def test_check_mode_announces_the_proof(context):
    cluster = Cluster()
    done = run(cluster, [entry("pipeline_proof", "main")], "--check", "-v", runtime_security_context=context)
    assert done.returncode == 0, done.stdout
    assert "Would start a pod in namespace pipeline-proof" in " ".join(done.stdout.split())
    assert cluster.changes == []


@pytest.mark.parametrize(
    ("objects", "said"),
    [
        ([], "pipeline_proof_namespace: namespace monitoring has no Service grafana."),
        (
            [service({"port": 1}, {"ip": "127.0.0.1"})],
            "pipeline_proof_grafana_admin_secret: namespace monitoring has no Secret",
        ),
        ([service({"port": 1}, {"ip": "127.0.0.1"}), secret()], "no answer from Grafana"),
    ],
)
def test_without_grafana_nothing_is_begun(objects, said):
    cluster = Cluster(*objects)
    done = run(cluster, [entry("pipeline_proof", "main")])
    assert done.returncode != 0
    assert said in " ".join(done.stdout.split())
    assert cluster.changes == []


def test_what_an_interrupted_proof_left_goes_and_nothing_else():
    there = {"namespace": "pipeline-proof"}
    objects = [made("Namespace", "pipeline-proof", LABELS), made("Pod", "marked", LABELS, **there)]
    cluster = Cluster(*objects, made("Pod", "of-somebody", namespace="shop"))
    assert "changed=2" in run(cluster, [entry("pipeline_proof", "remove")], "--check").stdout
    assert cluster.changes == []
    done = run(cluster, [entry("pipeline_proof", "remove")])
    assert done.returncode == 0, done.stdout
    assert cluster.names() == {"Pod/of-somebody"}
    assert (
        "changed=0"
        in run(Cluster(), [entry("pipeline_proof", "remove")], "--check", runtime_security_context="nowhere").stdout
    )


PROOF = {"pipeline_proof_continuous": True, "pipeline_proof_continuous_metrics": "annotations"}


def test_the_continuous_proof_is_installed_once_and_removed_by_its_variable():
    cluster = Cluster(made("Pod", "of-somebody", namespace="shop"))
    before = cluster.names()
    assert run(cluster, [entry("pipeline_proof", "apply")], "--check", **PROOF).returncode == 0
    assert cluster.changes == []
    done = run(cluster, [entry("pipeline_proof", "apply")], **PROOF)
    assert done.returncode == 0, done.stdout
    assert {
        "Namespace/continuous-proof",
        "Deployment/continuous-proof",
        "ClusterRole/continuous-proof",
    } < cluster.names()
    assert "changed=0" in run(cluster, [entry("pipeline_proof", "apply")], **PROOF).stdout
    assert "changed=0" not in run(cluster, [entry("pipeline_proof", "apply")], "--check").stdout
    done = run(cluster, [entry("pipeline_proof", "apply")])
    assert done.returncode == 0, done.stdout
    assert cluster.names() == before
    assert "changed=0" in run(cluster, [entry("pipeline_proof", "apply")]).stdout


def test_the_continuous_proof_has_no_more_rights_than_it_needs():
    cluster = Cluster()
    run(cluster, [entry("pipeline_proof", "apply")], **PROOF)
    found = {one["kind"]: one for one in cluster.objects.values()}
    granted = {
        kind: [(rule["resources"], rule["verbs"]) for rule in found[kind]["rules"]] for kind in ("Role", "ClusterRole")
    }
    assert granted["ClusterRole"] == [(["nodes"], ["list"])]
    assert granted["Role"] == [
        (["pods"], ["create", "delete", "deletecollection", "get"]),
        (["pods/exec"], ["create", "get"]),
    ]
    assert found["Namespace"]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    (container,) = found["Deployment"]["spec"]["template"]["spec"]["containers"]
    settings = {one["name"]: one["value"] for one in container["env"]}
    assert all(isinstance(value, str) for value in settings.values())
    assert "Write below etc" in json.loads(settings["PROOF_RULES"])
    assert sorted(found["ConfigMap"]["data"]) == sorted(
        file.name for file in (TOP / "roles/pipeline_proof/files/continuous").glob("*.py")
    )


@pytest.mark.parametrize(
    ("switch", "server", "url"),
    [
        ("loki_stack_tls", "loki", "https://loki.monitoring.svc:3443"),
        ("metrics_stack_prometheus_tls", "prometheus", "https://prometheus-server.monitoring.svc"),
    ],
)
def test_with_mutual_tls_the_prover_may_read_its_certificate_and_no_other(switch, server, url):
    cluster, tls = Cluster(), {**PROOF, switch: True}

    def apply(inputs):
        done = run(cluster, [entry("pipeline_proof", "apply")], **inputs)
        assert done.returncode == 0, done.stdout
        return done.stdout, {(one["kind"], one["metadata"].get("namespace")) for one in cluster.objects.values()}

    at_server = {("Role", "monitoring"), ("RoleBinding", "monitoring")}
    _said, with_tls = apply(tls)
    assert at_server < with_tls
    (role,) = [
        one
        for one in cluster.objects.values()
        if (one["kind"], one["metadata"].get("namespace")) == ("Role", "monitoring")
    ]
    assert role["rules"] == [
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": [f"{server}-prover-tls"], "verbs": ["get"]}
    ]
    (deployment,) = [one for one in cluster.objects.values() if one["kind"] == "Deployment"]
    settings = {one["name"]: one["value"] for one in deployment["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert settings[f"PROOF_{server.upper()}_URL"] == url
    assert settings[f"PROOF_{server.upper()}_SECRET"] == f"monitoring/{server}-prover-tls"
    assert "changed=0" in apply(tls)[0]
    assert apply(PROOF)[1] == with_tls - at_server
    apply(tls)
    assert apply({})[1] == set()


def test_the_continuous_proof_of_another_installation_stays():
    cluster = Cluster()
    run(cluster, [entry("pipeline_proof", "apply")], **PROOF)
    before = cluster.names()
    other = {"falco_ebpf_namespace": "second-falco"}
    done = run(cluster, [entry("pipeline_proof", "apply")], **other)
    assert done.returncode == 0, done.stdout
    assert cluster.names() == before
    refused = run(cluster, [entry("pipeline_proof", "apply")], **PROOF, **other)
    assert refused.returncode != 0
    assert cluster.names() == before


def test_rules_that_are_disabled_are_not_proven():
    cluster = Cluster()
    run(cluster, [entry("pipeline_proof", "apply")], **PROOF, falco_ebpf_rules_disabled={"tags": ["filesystem"]})
    (deployment,) = [one for one in cluster.objects.values() if one["kind"] == "Deployment"]
    assert "Write below etc" not in yaml.safe_dump(deployment)
    refused = run(Cluster(), [entry("pipeline_proof", "apply")], **PROOF, falco_ebpf_shipped_rules=False)
    assert "pipeline_proof_continuous: no rule to prove" in " ".join(refused.stdout.split())


def test_where_the_operator_is_a_monitor_takes_the_place_of_the_annotation(monkeypatch):
    monkeypatch.setitem(KINDS, "monitoring.coreos.com/v1", ["PrometheusRule", "ServiceMonitor"])
    cluster = Cluster()
    asked = {
        **PROOF,
        "pipeline_proof_continuous_metrics": "auto",
        "falco_ebpf_monitor_labels": {"release": "prometheus"},
    }
    done = run(cluster, [entry("pipeline_proof", "apply")], **asked)
    assert done.returncode == 0, done.stdout
    found = {one["kind"]: one for one in cluster.objects.values()}
    assert found["ServiceMonitor"]["metadata"]["labels"]["release"] == "prometheus"
    # It selects the Service, by whose labels it goes.
    selected = found["ServiceMonitor"]["spec"]["selector"]["matchLabels"]
    assert selected.items() <= found["Service"]["metadata"]["labels"].items()
    assert found["Service"]["metadata"]["annotations"]["prometheus.io/scrape"] == "false"
    assert "changed=0" in run(cluster, [entry("pipeline_proof", "apply")], **asked).stdout
    run(cluster, [entry("pipeline_proof", "apply")], **PROOF)
    assert "ServiceMonitor/continuous-proof" not in cluster.names()
    run(cluster, [entry("pipeline_proof", "apply")], **asked)
    assert "ServiceMonitor/continuous-proof" in cluster.names()
    run(cluster, [entry("pipeline_proof", "apply")])
    assert "ServiceMonitor/continuous-proof" not in cluster.names()
