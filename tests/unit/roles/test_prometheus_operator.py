# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""prometheus_operator: whose the definitions are, and what is removed with them."""

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import prometheus_operator
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.owned_objects import OWNER
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError
from api_double import Cluster
from objects_double import made, mark, release

GROUP = "monitoring.coreos.com"
RECORD = made("ConfigMap", "prometheus-operator-definitions", OWNER)
NAMESPACE = made("Namespace", "monitoring", OWNER)
CLAIM = {"operator.prometheus.io/name": "prometheus", "app.kubernetes.io/managed-by": "prometheus-operator"}
OUR_CLAIM = CLAIM | {"runtime-security/release": "prometheus"}


def definition(kind, plural, group=GROUP):
    spec = {"group": group, "versions": [{"name": "v1", "served": True}], "names": {"kind": kind, "plural": plural}}
    return made("CustomResourceDefinition", f"{plural}.{group}", spec=spec)


RULES = definition("PrometheusRule", "prometheusrules")
OTHERS = definition("ConfigMap", "widgets", "example.com")
PROMETHEUSES = made("CustomResourceDefinition", f"prometheuses.{GROUP}")


@pytest.fixture
def task(work_on):
    return lambda cluster, **options: work_on(prometheus_operator, cluster, **options)


def test_definitions_that_exist_are_not_ours(task):
    cluster = Cluster(NAMESPACE, PROMETHEUSES, release("prometheus"), mark("prometheus"))
    result = task(cluster)
    assert not result["changed"] and cluster.changes == []


def test_without_definitions_that_is_recorded_before_the_release_goes(task):
    cluster = Cluster(NAMESPACE, release("prometheus"), mark("prometheus"))
    assert task(cluster, check=True)["uninstalled"] == ["prometheus"] and cluster.changes == []
    result = task(cluster)
    assert result["changed"] and result["uninstalled"] == ["prometheus"]
    assert cluster.changes[:2] == ["POST configmaps/prometheus-operator-definitions", "HELM uninstall prometheus"]
    again = task(cluster)
    assert not again["changed"] and again["uninstalled"] == []


def test_a_release_of_somebody_else_stays(task):
    cluster = Cluster(NAMESPACE, release("prometheus"))
    assert task(cluster)["uninstalled"] == []
    assert "HELM uninstall prometheus" not in cluster.changes


def test_a_record_of_somebody_else_is_refused(task):
    cluster = Cluster(
        NAMESPACE, made("ConfigMap", "prometheus-operator-definitions"), release("prometheus"), mark("prometheus")
    )
    with pytest.raises(WorkError, match="not managed by this collection"):
        task(cluster)
    assert cluster.changes == []


def test_what_came_with_the_release_goes(task):
    claim = made("PersistentVolumeClaim", "ours", OUR_CLAIM)
    cluster = Cluster(NAMESPACE, claim, RECORD, RULES, OTHERS)
    expected = [
        "PersistentVolumeClaim monitoring/ours",
        f"CustomResourceDefinition prometheusrules.{GROUP}",
        "ConfigMap monitoring/prometheus-operator-definitions",
    ]
    assert task(cluster, state="absent", check=True)["removed"] == expected and cluster.changes == []
    assert task(cluster, state="absent")["removed"] == expected
    assert cluster.names() == {"Namespace/monitoring", "CustomResourceDefinition/widgets.example.com"}
    assert not task(cluster, state="absent")["changed"]


def test_claims_of_another_prometheus_stay(task):
    cluster = Cluster(
        NAMESPACE,
        made("PersistentVolumeClaim", "theirs", CLAIM),
        made("PersistentVolumeClaim", "second", OUR_CLAIM | {"operator.prometheus.io/name": "second"}),
        made("PersistentVolumeClaim", "elsewhere", OUR_CLAIM, namespace="shop"),
    )
    assert not task(cluster, state="absent")["changed"] and cluster.changes == []


@pytest.mark.parametrize(
    "record", [None, made("ConfigMap", "prometheus-operator-definitions")], ids=["none", "not ours"]
)
def test_without_our_record_the_definitions_stay(task, record):
    cluster = Cluster(NAMESPACE, RULES, *([record] if record else []))
    assert not task(cluster, state="absent")["changed"] and cluster.changes == []


def test_a_definition_with_an_object_stays(task):
    rule = made("PrometheusRule", "theirs", namespace="shop")
    cluster = Cluster(NAMESPACE, RECORD, RULES, rule)
    assert task(cluster, state="absent")["removed"] == ["ConfigMap monitoring/prometheus-operator-definitions"]
    assert f"CustomResourceDefinition/prometheusrules.{GROUP}" in cluster.names()


def test_in_check_mode_objects_of_the_release_keep_none(task):
    ours = made("PrometheusRule", "ours", {"app.kubernetes.io/instance": "prometheus"})
    cluster = Cluster(NAMESPACE, RECORD, RULES, ours)
    name = f"CustomResourceDefinition prometheusrules.{GROUP}"
    assert name in task(cluster, state="absent", check=True)["removed"]
    assert name not in task(cluster, state="absent")["removed"]


def test_a_kind_that_is_not_listed_ends_it_before_the_first_definition_goes(task):
    cluster = Cluster(NAMESPACE, RECORD, RULES, definition("Probe", "probes"))
    with pytest.raises(WorkError, match="kind monitoring.coreos.com/v1 Probe: the cluster does not list it"):
        task(cluster, state="absent")
    assert cluster.changes == []


def test_a_removal_that_was_interrupted_is_completed(task):
    """The record goes last."""

    class Killed(Cluster):
        def answer(self, method, path, words, body):
            if method == "DELETE" and path.endswith("prometheus-operator-definitions"):
                return 500, {"kind": "Status", "status": "Failure", "code": 500}
            return super().answer(method, path, words, body)

    cluster = Killed(NAMESPACE, RECORD, RULES)
    with pytest.raises(WorkError):
        task(cluster, state="absent")
    assert cluster.names() == {"Namespace/monitoring", "ConfigMap/prometheus-operator-definitions"}
    rest = Cluster(*cluster.objects.values())
    assert task(rest, state="absent")["changed"] and rest.names() == {"Namespace/monitoring"}
