"""The filter release_conflicts."""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.filter.release_conflicts import release_conflicts

THERE = {"monitoring/loki": False, "monitoring/alloy": True, "security/prometheus": True, "shop/prometheus": False}


def test_a_release_of_somebody_else_is_named_with_the_remedies():
    (said,) = release_conflicts(THERE, "loki_stack", "monitoring", ["loki", "alloy"])
    assert said.startswith("Release loki in namespace monitoring was not installed by this collection.")
    for remedy in ("loki_stack_namespace", "helm uninstall loki --namespace monitoring", "loki_stack_take_ownership"):
        assert remedy in said


def test_our_own_other_names_other_namespaces_and_ones_taken_over_are_no_conflict():
    assert release_conflicts(THERE, "loki_stack", "monitoring", ["alloy", "grafana"]) == []
    assert release_conflicts(THERE, "loki_stack", "security", ["loki"]) == []
    assert release_conflicts(THERE, "loki_stack", "monitoring", ["loki"], take_ownership=True) == []


def test_what_cannot_be_seen_is_refused_with_the_right_that_is_missing():
    unseen = {"monitoring/loki": None, "monitoring/alloy": None, "monitoring/grafana": None}
    (said,) = release_conflicts(unseen, "loki_stack", "monitoring", ["loki", "alloy"])
    assert "installed loki or alloy in namespace monitoring cannot be seen: the right to list secrets" in said
    assert "loki_stack_take_ownership" in said
    assert release_conflicts(unseen, "loki_stack", "monitoring", ["loki", "alloy"], take_ownership=True) == []


def test_what_bears_no_second_one_names_ours_and_no_other():
    alone = {"prometheus": "an operator is for the whole cluster"}
    (said,) = release_conflicts(THERE, "metrics_stack", "monitoring", ["prometheus"], alone=alone)
    assert said.startswith(
        "Release prometheus of this collection stands in namespace security already, and an operator"
    )
    assert release_conflicts(THERE, "metrics_stack", "security", ["prometheus"], alone=alone) == []
