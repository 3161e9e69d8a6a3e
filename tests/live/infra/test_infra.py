"""Another repository takes up the collection, beside what it has, and lets go of it again."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from live.lab_cluster import KUBECONFIG, kubectl

from .objects import added, changed, snapshot

OURS = ("security-logs", "security-events")
# Cluster-wide objects carry the name of their namespace, or are bound to what is in it.
CLUSTER_WIDE = re.compile(
    r"(Namespace /security-events|ClusterRole(Binding)? /otel-(agent|events)-security-logs|PersistentVolume /.*)$"
)
PROMETHEUS = "/api/v1/namespaces/observability/services/prometheus-server:80/proxy/api/v1"


@pytest.fixture(scope="session")
def before(grafana):
    """The cluster, Grafana and Prometheus' configuration before the collection came."""
    return snapshot(), grafana.snapshot(), configuration()


@pytest.fixture(scope="session")
def installed(repository, before):
    return repository.succeeds("preflight", "-vvvv") + repository.succeeds("security", "-vvvv", "--diff")


def configuration():
    return kubectl("get", "--raw", f"{PROMETHEUS}/status/config")


def recap(text):
    return dict(re.findall(r"(\w+)=(\d+)", text.rsplit("PLAY RECAP", 1)[1].split("admin01", 1)[1].splitlines()[0]))


def test_it_ends_in_the_proof(repository, installed):
    proof = json.loads((repository.folder / "proof.json").read_text(encoding="utf-8"))
    assert len(proof) > 10
    assert [line["name"] for line in proof if not line["ok"]] == []


def test_the_repository_uses_the_installed_collection(repository, installed):
    folder = repository.folder / "collections/ansible_collections/runtime_security/kubernetes"
    assert not folder.is_symlink()
    assert f"task path: {folder}/roles/loki_stack/tasks/install.yml" in installed


def test_nothing_else_in_the_cluster_changes(before, installed):
    now = snapshot()
    assert changed(before[0], now) == []
    places = tuple(f" {namespace}/" for namespace in OURS)
    assert [
        name for name in added(before[0], now) if not any(p in name for p in places) and not CLUSTER_WIDE.match(name)
    ] == []


def test_nothing_else_in_grafana_and_prometheus_changes(before, grafana, installed):
    # The route of our alerts is beside theirs, not in its place.
    assert changed(before[1], grafana.snapshot()) in ([], ["v1/provisioning/policies"])
    assert configuration() == before[2]


def test_no_secret_is_told_or_left(repository, installed):
    assert repository.told(installed) == []
    assert repository.left() == []


def test_a_second_run_changes_nothing(repository, installed):
    text = repository.succeeds("security")
    assert [line for line in text.splitlines() if line.startswith("changed:")] == []
    assert recap(text)["changed"] == "0"


@pytest.mark.parametrize("way", ["text", "dictionary of a user with a certificate", "path", "KUBECONFIG", "two files"])
def test_ways_to_name_the_cluster(repository, installed, tmp_path, way):
    with_token = repository.kubeconfig
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(with_token), encoding="utf-8")
    apart = {name: tmp_path / name for name in ("clusters", "users")}
    for name, path in apart.items():
        other = {"clusters": ["users", "contexts"], "users": ["clusters"]}[name]
        path.write_text(yaml.safe_dump({k: v for k, v in with_token.items() if k not in other}), encoding="utf-8")
    with_certificate = json.loads(kubectl("config", "view", "--raw", "--minify", "--flatten", "--output=json"))
    environment, inputs = {
        "text": ({}, {"runtime_security_kubeconfig": yaml.safe_dump(with_token)}),
        "dictionary of a user with a certificate": (
            {},
            {"runtime_security_kubeconfig": with_certificate, "runtime_security_context": ""},
        ),
        "path": ({}, {"runtime_security_kubeconfig": str(file)}),
        "KUBECONFIG": ({"KUBECONFIG": KUBECONFIG}, {"runtime_security_kubeconfig": "", "runtime_security_context": ""}),
        "two files": ({"KUBECONFIG": f"{apart['clusters']}:{apart['users']}"}, {"runtime_security_kubeconfig": ""}),
    }[way]
    code, text = repository.play("role", "-vvvv", environment=environment, role="loki_stack", entry="ready", **inputs)
    assert code == 0, text[-3000:]
    assert recap(text)["changed"] == "0"
    assert repository.told(text) == []
    assert repository.left() == []


@pytest.mark.parametrize("given", [{"clusters": []}, "users: [\n", 7])
def test_what_is_no_kubeconfig_is_refused(repository, given):
    said = repository.refused(role="loki_stack", entry="apply", runtime_security_kubeconfig=given)
    assert "loki_stack_kubeconfig: invalid value (not shown). Expected a path, or the content of a kubeconfig" in said


def test_a_release_of_somebody_else_is_refused_and_stays(repository, grafana, before):
    inputs = {
        "role": "metrics_stack",
        "metrics_stack_namespace": "observability",
        "metrics_stack_prometheus_mode": "own",
        "metrics_stack_grafana_mode": "own",
    }
    said = repository.refused(entry="apply", **inputs)
    for name in ("prometheus", "grafana"):
        assert (
            f"Release {name} in namespace observability was not installed by this collection. Expected none of that name"
            in said
        )
        assert f"uninstall it (helm uninstall {name} --namespace observability)" in said
    repository.succeeds("role", entry="remove", **inputs)
    assert [name for name in changed(before[0], snapshot()) if "observability/" in name] == []


def test_a_namespace_of_somebody_else_that_forbids_the_pods_is_refused(repository, grafana):
    kubectl("create", "namespace", "strict")
    kubectl("label", "namespace", "strict", "pod-security.kubernetes.io/enforce=restricted")
    try:
        said = repository.refused(role="falco_ebpf", entry="apply", falco_ebpf_namespace="strict")
        assert "Namespace strict: not created by this collection, and its labels do not fit" in said
        assert "kubectl label --overwrite namespace strict pod-security.kubernetes.io/enforce=privileged" in said
        names = kubectl("get", "configmaps,secrets,serviceaccounts", "--namespace=strict", "--output=name").split()
        assert names == ["configmap/kube-root-ca.crt", "serviceaccount/default"]
    finally:
        kubectl("delete", "namespace", "strict")


def test_removal_leaves_what_was_there_before(repository, before, grafana, installed):
    kubectl("create", "configmap", "notes", "--namespace=security-events")
    text = " ".join(repository.succeeds("security_remove").split())
    assert "Namespace security-events stays. In it are ConfigMap/notes." in text
    kubectl("delete", "configmap", "notes", "--namespace=security-events")
    repository.succeeds("security_remove")
    kubectl("wait", "--for=delete", "persistentvolume", "--all", "--timeout=60s")
    # Helm waits for the objects of a release; their pods may end a little later.
    kubectl(
        "wait",
        "--for=delete",
        "pod",
        "--namespace=security-logs",
        "--selector=app.kubernetes.io/name=opentelemetry-collector",
        "--timeout=60s",
    )
    now = snapshot()
    assert (changed(before[0], now), added(before[0], now)) == ([], [])
    there = grafana.snapshot()
    assert (changed(before[1], there), added(before[1], there)) == ([], [])
    assert configuration() == before[2]
