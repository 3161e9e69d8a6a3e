# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook teardown on a cluster that stays, whatever state a run left it in."""

from __future__ import annotations

from api_double import Cluster
from objects_double import made, mark, release
from plays import run

OURS = {"app.kubernetes.io/managed-by": "runtime_security.kubernetes"}
PROOF = OURS | {"app.kubernetes.io/name": "pipeline-proof"}
PROBE = OURS | {"app.kubernetes.io/name": "ebpf-readiness"}
RELEASES = ["grafana", "prometheus", "loki", "alloy"]
INSTALLED = [
    made("Namespace", "monitoring", OURS),
    made("Secret", "grafana-admin", OURS, data={"admin-user": "YQ==", "admin-password": "YQ=="}),
    # Nothing leads to it, and nobody would answer.
    made(
        "Service",
        "grafana",
        {"app.kubernetes.io/instance": "grafana"},
        spec={"type": "ClusterIP", "ports": [{"port": 80}]},
    ),
    *(part for name in RELEASES for part in (release(name), mark(name))),
]
CUT_OFF = [
    made("Namespace", "pipeline-proof", PROOF),
    made("Pod", "pipeline-proof-1", PROOF, namespace="pipeline-proof"),
    made("Namespace", "ebpf-readiness", OURS),
    made("Job", "ebpf-readiness-node-1", PROBE, namespace="ebpf-readiness"),
]


def teardown(*objects, **inputs):
    cluster = Cluster(made("Namespace", "shop"), *objects)
    yes = {"runtime_security_cluster": "existing", "runtime_security_teardown": True}
    return cluster, run(cluster, "playbooks/teardown.yml", **yes, **inputs)


def test_what_runs_that_were_cut_off_left_goes_too_and_a_grafana_that_does_not_answer():
    cluster, done = teardown(*INSTALLED, *CUT_OFF)
    assert done.returncode == 0, done.stdout
    assert cluster.names() == {"Namespace/shop"}


def test_somebody_elses_grafana_that_does_not_answer_fails_after_ours_is_gone():
    existing = {
        "metrics_stack_grafana_mode": "existing",
        "runtime_security_grafana_url": "http://127.0.0.1:1",
        "runtime_security_grafana_password": "word",
        "runtime_security_grafana_user": "admin",
        "grafana_wiring_timeout": 1,
    }
    ours = [made("Namespace", "monitoring", OURS), release("loki"), mark("loki")]
    cluster, done = teardown(*ours, **existing)
    assert done.returncode != 0
    assert "http://127.0.0.1:1" in done.stdout
    assert cluster.names() == {"Namespace/shop"}
