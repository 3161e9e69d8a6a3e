# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The entries tune of the roles falco_ebpf and grafana_wiring, without events and requests."""

from __future__ import annotations

import pytest
from api_double import Cluster
from grafana_double import RELEASES, Double
from modules import run as run_module
from plays import entry, run
from test_grafana_in_cluster import reached


@pytest.mark.parametrize("role", ["falco_ebpf", "grafana_wiring"])
@pytest.mark.parametrize("context", ["double", "nowhere"])
def test_check_mode_passes_before_there_is_anything(context, role):
    cluster = Cluster()
    done = run(cluster, [entry(role, "tune")], "--check", runtime_security_context=context)
    assert done.returncode == 0, done.stdout
    assert "No exception is proposed." in done.stdout
    assert cluster.changes == []


@pytest.mark.parametrize("role", ["falco_ebpf", "grafana_wiring"])
def test_without_grafana_the_run_ends(role):
    done = run(Cluster(), [entry(role, "tune")])
    assert done.returncode != 0
    assert "namespace monitoring has no Service grafana" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("role", "variable", "days"),
    [("falco_ebpf", "falco_ebpf_tune_days", 1), ("grafana_wiring", "grafana_wiring_audit_tune_days", 2)],
)
def test_a_number_of_days_that_cannot_be_is_refused(role, variable, days):
    done = run(Cluster(), [entry(role, "tune")], "--check", **{variable: days})
    assert done.returncode != 0
    assert variable in done.stdout


def test_nothing_is_written_without_a_proposal(tmp_path):
    with Double(RELEASES["13.2.0"]) as grafana:
        run_module(
            "grafana_data_source", grafana.url, uid="loki", name="Loki", type="loki", ds_url="http://127.0.0.1:9"
        )
        cluster = Cluster(*reached(grafana))
        inputs = {"falco_ebpf_tune_path": f"{tmp_path}/tuned.yaml", "falco_ebpf_driver": "modern_ebpf"}
        done = run(cluster, [entry("falco_ebpf", "tune"), entry("grafana_wiring", "tune")], **inputs)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("No exception is proposed.") == 2
    assert list(tmp_path.iterdir()) == []
    assert [change for change in cluster.changes if "leases" not in str(change)] == []
