# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import pipeline_proof
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof import pipeline


def test_failure_names_each_line_with_its_reason():
    text = pipeline_proof.failure_text(
        [
            {"name": "a", "ok": True, "detail": "seen"},
            {"name": "b", "ok": False, "detail": "no line"},
            {"name": "c", "ok": False, "detail": "no value"},
        ]
    )
    assert text == "2 of 3 lines of the proof are not ok: b: no line; c: no value"


def test_lines_are_skipped_with_a_reason():
    options = ("etcd", "audit", "notification", "witness", "loki_client_secret", "prometheus_client_secret")
    assert pipeline.skipped({**dict.fromkeys(options, True), "dashboards": ["a"]}) == []
    skipped = pipeline.skipped({**dict.fromkeys(options, False), "dashboards": ["api-audit"]})
    assert [entry["name"] for entry in skipped] == [
        '{container="etcd"} |= "compaction"',
        "the audit log is searchable",
        "dashboard ... has data in every panel",
        "a shell's Falco event becomes a notification",
        "Loki accepts the log agent's client certificate",
        "Prometheus accepts Grafana's client certificate",
        "an event of a process that ran before Falco names it",
    ]
    assert all(entry["reason"] for entry in skipped)
