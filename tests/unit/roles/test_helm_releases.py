# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module helm_releases against an API server and a Helm that keep what they are given."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from api_double import Cluster
from helm_inputs import ALLOY, DEPLOYED, LOKI, NAMESPACE, RECORD, actions
from objects_double import made, mark, release


def test_what_is_missing_is_installed_and_recorded(helm_module):
    cluster = Cluster(NAMESPACE)
    result = helm_module(cluster, LOKI, ALLOY)
    assert result["changed"] and actions(result) == {"loki": "installed", "alloy": "installed"}
    assert result["releases"]["loki"] == {
        "action": "installed",
        "status": "deployed",
        "revision": 1,
        "chart": "loki",
        "version": "7.0.0",
        "managed": True,
        "outdated": False,
    }
    # The records of ownership come before Helm.
    assert cluster.changes[:2] == [f"POST configmaps/runtime-security-release-{name}" for name in ("loki", "alloy")]
    assert sorted(cluster.changes[2:]) == ["HELM install alloy", "HELM install loki"]
    assert cluster.content("alloy")["config"] == {"secret": "planted-word"}
    assert "planted-word" not in json.dumps(result)


def test_a_second_task_starts_no_helm(helm_module):
    cluster = Cluster(NAMESPACE)
    helm_module(cluster, LOKI, ALLOY)
    cluster.changes.clear()
    result = helm_module(cluster, LOKI, ALLOY, binary_path="/nonexistent/helm")
    assert result["changed"] is False and actions(result) == {"loki": "unchanged", "alloy": "unchanged"}
    assert result["releases"]["alloy"]["revision"] == 1
    assert cluster.changes == []


@pytest.mark.parametrize(
    "change", [{"version": "7.1.0"}, {"values": {"a": 2}}, {"values": {}}, {"chart": "loki-distributed"}]
)
def test_what_differs_is_upgraded(helm_module, change):
    cluster = Cluster(NAMESPACE, DEPLOYED, RECORD)
    result = helm_module(cluster, LOKI | change)
    assert result["changed"] and result["releases"]["loki"]["revision"] == 2
    assert actions(result) == {"loki": "upgraded"} and "HELM upgrade loki" in cluster.changes
    assert cluster.content("loki")["config"] == (LOKI | change)["values"]


def test_what_others_set_is_kept_and_no_difference(helm_module):
    theirs = release("loki", config={"a": 1, "theirs": {"b": 2}}, version="7.0.0")
    cluster = Cluster(NAMESPACE, theirs, RECORD)
    assert helm_module(cluster, LOKI)["changed"] is False
    helm_module(cluster, LOKI | {"values": {"c": 3}})
    assert cluster.content("loki")["config"] == {"theirs": {"b": 2}, "c": 3}


def test_values_of_another_chart_are_not_kept(helm_module):
    theirs = release("loki", config={"a": 1, "theirs": 2}, chart="loki-stack")
    cluster = Cluster(NAMESPACE, theirs, RECORD)
    helm_module(cluster, LOKI)
    assert cluster.content("loki")["config"] == {"a": 1}


def test_a_release_of_somebody_else_is_refused_before_any_change(helm_module):
    cluster = Cluster(NAMESPACE, release("loki"))
    for state in ("present", "validated"):
        result = helm_module(
            cluster, LOKI, ALLOY, state=state, variables={"take_ownership": "loki_stack_take_ownership"}
        )
        assert result["failed"]
        assert "Release loki in namespace monitoring was not installed by this collection." in result["msg"]
        assert "loki_stack_take_ownership to true" in result["msg"]
    assert cluster.changes == []


@pytest.mark.parametrize("take", [True, "yes", ["loki"]])
def test_a_release_that_is_taken_over_keeps_what_others_set(helm_module, take):
    cluster = Cluster(NAMESPACE, release("loki", config={"theirs": 1}))
    result = helm_module(cluster, LOKI, take_ownership=take)
    assert actions(result) == {"loki": "upgraded"} and result["releases"]["loki"]["managed"] is True
    assert cluster.content("loki")["config"] == {"theirs": 1, "a": 1}
    assert cluster.changes[0] == "POST configmaps/runtime-security-release-loki"


def test_only_releases_of_these_names_are_taken_over(helm_module):
    cluster = Cluster(NAMESPACE, release("loki"), release("alloy"))
    result = helm_module(cluster, LOKI, ALLOY, take_ownership=["alloy"])
    assert "Release loki " in result["msg"] and "Release alloy " not in result["msg"]
    assert "take_ownership: no boolean" in helm_module(cluster, LOKI, take_ownership="some")["msg"]


def test_workloads_without_a_record_of_helm_are_refused(helm_module):
    pods = made("StatefulSet", "loki")
    pods["metadata"]["annotations"] = {"meta.helm.sh/release-name": "loki"}
    cluster = Cluster(NAMESPACE, pods)
    said = helm_module(cluster, LOKI)["msg"]
    assert "Workloads of release loki exist in namespace monitoring, and Helm has no record of it." in said
    assert cluster.changes == []


ELSEWHERE = release("loki"), mark("loki")


for one in ELSEWHERE:
    one["metadata"]["namespace"] = "logs"


def test_a_second_one_is_refused_where_a_cluster_can_have_one(helm_module):
    cluster = Cluster(NAMESPACE, *ELSEWHERE)
    assert helm_module(cluster, LOKI, state="validated").get("failed") is None
    said = helm_module(cluster, LOKI | {"one_per_cluster": "its ClusterRole is one for all"}, state="validated")["msg"]
    assert "Release loki of this collection exists in namespace logs already, and its ClusterRole is one" in said


def test_validation_changes_nothing_and_needs_no_namespace(helm_module):
    cluster = Cluster()
    result = helm_module(cluster, LOKI, {"name": "grafana"}, state="validated")
    assert result["changed"] is False and cluster.changes == []
    assert result["releases"]["loki"]["status"] == "absent" and result["releases"]["loki"]["outdated"] is True
    assert "no such namespace (monitoring)" in helm_module(cluster, LOKI)["msg"]


def test_validation_returns_what_is_deployed(helm_module):
    result = helm_module(Cluster(NAMESPACE, DEPLOYED, RECORD), {"name": "loki"}, state="validated")
    assert result["releases"]["loki"] == {
        "action": "unchanged",
        "status": "deployed",
        "revision": 1,
        "chart": "loki",
        "version": "7.0.0",
        "managed": True,
        "outdated": False,
    }


VOLUME = """
kind: StatefulSet
metadata: {name: loki}
spec: {volumeClaimTemplates: [{metadata: {name: storage}, spec: {resources: {requests: {storage: %s}}}}]}
"""


@pytest.mark.parametrize("state", ["validated", "present"])
@pytest.mark.parametrize("check", [True, False])
def test_what_kubernetes_does_not_let_change_is_refused(helm_module, state, check):
    cluster = Cluster(NAMESPACE, release("loki", manifest=VOLUME % "50Gi"), RECORD)
    cluster.rendered = VOLUME % "10Gi"
    result = helm_module(cluster, LOKI | {"variables": {"size": "loki_size"}}, state=state, check=check)
    assert "loki_size: size of StatefulSet monitoring/loki, volume storage cannot change to 10Gi." in result["msg"]
    assert cluster.changes == []


def test_check_mode_changes_nothing_and_the_diff_has_no_value(helm_module):
    cluster = Cluster(NAMESPACE, release("loki", config={"a": 1, "secret": "old-word"}, version="6.0.0"), RECORD)
    wanted = LOKI | {"values": {"a": 1, "secret": "new-word"}}
    result = helm_module(cluster, wanted, ALLOY, check=True, diff=True)
    assert cluster.changes == []
    assert actions(result) == {"loki": "upgraded", "alloy": "installed"} and result["changed"]
    assert result["diff"] == {
        "before": {"loki": {"chart": "loki 6.0.0"}},
        "after": {
            "loki": {"chart": "loki 7.0.0", "changed values": ["secret"]},
            "alloy": {"chart": "alloy 7.0.0", "changed values": ["secret"]},
        },
    }
    assert "word" not in json.dumps(result)


def test_check_mode_without_a_cluster_announces(helm_module, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", "/nonexistent")
    nowhere = {"kubeconfig": "/nonexistent/kubeconfig"}
    assert helm_module(Cluster(), LOKI, **nowhere)["failed"]
    result = helm_module(Cluster(), LOKI, ALLOY, check=True, **nowhere)
    assert result["changed"] and result["msg"] == "Would install the releases loki and alloy into namespace monitoring."
    assert helm_module(Cluster(), LOKI, check=True, state="validated", **nowhere)["changed"] is False


def test_a_program_that_is_too_old_is_refused(helm_module, tmp_path):
    old = tmp_path / "old-helm"
    old.write_text("#!/bin/sh\necho v3.9.4\n", encoding="utf-8")
    old.chmod(0o755)
    cluster = Cluster(NAMESPACE)
    for state in ("present", "validated"):
        result = helm_module(cluster, LOKI, binary_path=str(old), variables={"binary_path": "helm_binary"}, state=state)
        assert result["msg"].startswith(f"helm_binary: the version is 3.9.4 ('{old}'). Expected Helm 3.16.0 or newer.")
        result = helm_module(cluster, LOKI, binary_path=str(old), state=state, check=True)
        assert "A run would refuse Helm. binary_path: the version is 3.9.4" in result["warnings"][0]
    assert cluster.changes == []


def test_two_of_one_name_and_charts_that_are_missing(helm_module, tmp_path):
    cluster = Cluster(NAMESPACE)
    assert "release loki is listed more than once" in helm_module(cluster, LOKI, LOKI)["msg"]
    assert "chart: missing for release loki" in helm_module(cluster, {"name": "loki"})["msg"]
    gone = LOKI | {"chart": str(tmp_path / "none.tgz")}
    assert "none.tgz' cannot be read" in helm_module(cluster, gone)["msg"]
    assert "Release loki: a: invalid value" in helm_module(cluster, LOKI | {"values": {"a": float("nan")}})["msg"]
    assert helm_module(cluster)["changed"] is False


def test_a_record_that_changes_while_it_is_read_is_read_again(helm_module, monkeypatch):
    cluster = Cluster(NAMESPACE, DEPLOYED, RECORD)
    seen = SimpleNamespace(times=0)
    listed = cluster.listed

    def late(version, namespace, kinds, words):
        found = listed(version, namespace, kinds, words)
        if kinds == "secrets" and not seen.times:
            seen.times += 1
            cluster.record("loki", 2, "deployed", "monitoring", config={"a": 1}, version="7.0.0")
            del cluster.objects["v1", "monitoring", "secrets", "sh.helm.release.v1.loki.v1"]
        return found

    monkeypatch.setattr(cluster, "listed", late)
    result = helm_module(cluster, LOKI)
    assert result["releases"]["loki"]["revision"] == 2 and actions(result) == {"loki": "unchanged"}
