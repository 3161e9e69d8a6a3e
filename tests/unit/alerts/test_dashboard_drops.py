# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel Drops has a value for each log agent, also before its first failure."""

from __future__ import annotations

import json
import subprocess

import pytest
import yaml
from shipped import ROLE

LABELS = 'cluster="c",namespace="monitoring"'
SERIES = {
    "promtail": {"promtail_dropped_entries_total": "0x40"},
    "alloy": {"loki_write_dropped_entries_total": "0x40"},
    "otel, nothing failed": {"otelcol_exporter_queue_size": "7x40"},
    "otel": {"otelcol_exporter_queue_size": "7x40", "otelcol_exporter_send_failed_log_records": "0x30 4x10"},
}


def expression() -> str:
    page = json.loads((ROLE / "files" / "dashboards" / "pipeline-health.json").read_text(encoding="utf-8"))
    (panel,) = (one for one in page["panels"] if one["title"] == "Drops")
    (target,) = (one for one in panel["targets"] if "promtail" in one["expr"])
    text = target["expr"].replace("$__rate_interval", "5m")
    return text.replace("$cluster", ".*").replace("$namespace", ".+")


@pytest.mark.parametrize("agent", SERIES)
def test_each_agent_has_a_value(promtool, tmp_path, agent):
    wanted = 4 if agent == "otel" else 0
    check = {"expr": f"round({expression()})", "eval_time": "10m", "exp_samples": [{"labels": "{}", "value": wanted}]}
    series = [{"series": f"{name}{{{LABELS}}}", "values": values} for name, values in SERIES[agent].items()]
    tests = {"tests": [{"interval": "15s", "input_series": series, "promql_expr_test": [check]}]}
    path = tmp_path / "drops.yml"
    path.write_text(yaml.safe_dump(tests), encoding="utf-8")
    done = subprocess.run([promtool, "test", "rules", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
