# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role pipeline_proof before there is something to prove."""

from __future__ import annotations

import pytest
from api_double import Cluster
from objects_double import made
from plays import entry, run
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
