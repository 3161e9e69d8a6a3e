# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode on a cluster that is there announces what a run does."""

from __future__ import annotations

import pytest
from api_double import Cluster
from objects_double import made, mark, release
from plays import entry, run

OURS = {"app.kubernetes.io/managed-by": "runtime_security.kubernetes"}
NAMESPACE = made("Namespace", "monitoring", OURS)
LOKI = [
    NAMESPACE,
    release("loki"),
    mark("loki"),
    made("StatefulSet", "loki", {"app.kubernetes.io/instance": "loki"}),
    made("PersistentVolumeClaim", "storage-loki-0", {"app.kubernetes.io/instance": "loki"}),
    made("Secret", "loki-s3", OURS),
]
GRAFANA = [release("grafana"), mark("grafana"), made("Service", "grafana", {"app.kubernetes.io/instance": "grafana"})]


def dry(role, name, *objects, options=(), **inputs):
    cluster = Cluster(*objects)
    done = run(cluster, [entry(role, name)], "--check", *options, **inputs)
    assert cluster.changes == []
    return done


def told(done, task):
    return done.stdout.partition(f" | {task}]")[2].partition("TASK")[0]


@pytest.mark.parametrize(
    ("others", "goes"), [([], True), (GRAFANA, False), ([made("ConfigMap", "of-somebody-else")], False)]
)
def test_the_namespace_goes_with_the_last_that_is_in_it(others, goes):
    done = dry("loki_stack", "remove", *LOKI, *others)
    assert done.returncode == 0, done.stdout
    assert ("changed:" in told(done, "Remove the namespace, unless somebody has something in it")) is goes


def test_the_operators_definitions_go_although_their_objects_are_still_there():
    names = {"kind": "PrometheusRule", "plural": "prometheusrules"}
    kind = {"group": "monitoring.coreos.com", "versions": [{"name": "v1"}], "names": names}
    definition = made("CustomResourceDefinition", "prometheusrules.monitoring.coreos.com", spec=kind)
    note = made("ConfigMap", "prometheus-operator-definitions", OURS)
    rule = made("PrometheusRule", "ours", {"app.kubernetes.io/instance": "prometheus"})
    installed = [NAMESPACE, release("prometheus"), mark("prometheus"), definition, note, rule]
    inputs = {"metrics_stack_prometheus_mode": "operator", "options": ["-v"]}
    done = dry("metrics_stack", "remove", *installed, **inputs)
    name = f"CustomResourceDefinition {definition['metadata']['name']}"
    assert name in told(done, "Remove what Helm left of the operator")
    done = dry("metrics_stack", "remove", *installed, made("PrometheusRule", "theirs", namespace="shop"), **inputs)
    assert name not in told(done, "Remove what Helm left of the operator")


@pytest.mark.parametrize(("existing", "refused"), [([NAMESPACE], True), ([], False)], ids=["finished", "bare"])
def test_a_certificate_that_is_missing_is_refused_where_a_run_would(existing, refused):
    done = dry("metrics_stack", "apply", *existing, metrics_stack_grafana_tls_secret="mistyped")
    assert (
        "metrics_stack_grafana_tls_secret: no such Secret ('mistyped')" in " ".join(done.stdout.split())
    ) is refused, done.stdout
