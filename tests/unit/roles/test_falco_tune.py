# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The entry tune of the role falco_ebpf, without events."""

from __future__ import annotations

import pytest
from api_double import Cluster
from grafana_double import RELEASES, Double
from modules import run as run_module
from plays import entry, run
from test_grafana_in_cluster import reached


@pytest.mark.parametrize("context", ["double", "nowhere"])
def test_check_mode_passes_before_there_is_anything(context):
    cluster = Cluster()
    done = run(cluster, [entry("falco_ebpf", "tune")], "--check", runtime_security_context=context)
    assert done.returncode == 0, done.stdout
    assert "No exception is proposed." in done.stdout
    assert cluster.changes == []


def test_without_grafana_the_run_ends():
    done = run(Cluster(), [entry("falco_ebpf", "tune")])
    assert done.returncode != 0
    assert "namespace monitoring has no Service grafana" in " ".join(done.stdout.split())


def test_a_number_of_days_that_cannot_be_is_refused():
    done = run(Cluster(), [entry("falco_ebpf", "tune")], "--check", falco_ebpf_tune_days=1)
    assert done.returncode != 0
    assert "falco_ebpf_tune_days" in done.stdout


def test_nothing_is_written_without_a_proposal(tmp_path):
    with Double(RELEASES["13.2.0"]) as grafana:
        run_module(
            "grafana_data_source", grafana.url, uid="loki", name="Loki", type="loki", ds_url="http://127.0.0.1:9"
        )
        cluster = Cluster(*reached(grafana))
        inputs = {"falco_ebpf_tune_path": f"{tmp_path}/tuned.yaml", "falco_ebpf_driver": "modern_ebpf"}
        done = run(cluster, [entry("falco_ebpf", "tune")], **inputs)
    assert done.returncode == 0, done.stdout
    assert "No exception is proposed." in done.stdout
    assert list(tmp_path.iterdir()) == []
    assert [change for change in cluster.changes if "leases" not in str(change)] == []
