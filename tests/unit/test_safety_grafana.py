# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/safety.md has a row for every request to Grafana that deletes or overwrites something."""

from __future__ import annotations

import ast
import re
from pathlib import Path

TOP = Path(__file__).parents[2]
PLUGINS = TOP / "plugins"
# What sends a request that changes something, and the rows that say what it needs. Without a row: it makes what is missing.
STEPS = {
    ("grafana_dashboard_resources", "save"): ["overwrite a dashboard"],
    ("grafana_dashboard_resources", "delete"): ["delete a dashboard that is no longer declared, or at removal"],
    ("grafana_dashboard_classic", "post"): ["overwrite a dashboard"],
    ("grafana_dashboard_classic", "delete"): ["delete a dashboard that is no longer declared, or at removal"],
    ("grafana_folder_api", "create"): [],
    ("grafana_folder_api", "rename"): ["rename the folder back"],
    ("grafana_folder_api", "delete"): ["delete the folder", "the same, with something of others in it"],
    ("grafana_alerting_writer", "run"): ["overwrite the notification policies (Grafana writes the tree as a whole)"],
    ("grafana_alerting_writer", "_send"): ["overwrite an alert rule", "overwrite a contact point"],
    ("grafana_alerting_writer", "_delete"): ["delete an alert rule", "delete a contact point"],
    ("grafana_rule_group", "set_interval"): ["set a group's interval (Grafana writes the group as a whole)"],
    ("grafana_data_source", "_present"): ["change a data source", "use the name of a data source"],
    ("grafana_data_source", "_absent"): ["delete a data source"],
    # A query, which Grafana takes as a POST.
    ("grafana_health", "_by_query"): [],
    # Not by Grafana's API.
    ("grafana_admin_password", "set_password"): ["set the administrator's password"],
}


def changing(file):
    """The functions of a file that send another request than a GET."""
    for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(function, ast.FunctionDef):
            continue
        for call in ast.walk(function):
            name = getattr(call.func, "attr", "") if isinstance(call, ast.Call) else ""
            method = call.args[0].value if name == "request" and isinstance(call.args[0], ast.Constant) else ""
            if method not in ("", "GET") or name == "run_with_line":
                yield file.stem, function.name


def test_every_step_has_its_row():
    files = [*PLUGINS.glob("module*/grafana_*.py"), *PLUGINS.glob("module_utils/proof/grafana.py")]
    assert {step for file in files for step in changing(file)} == set(STEPS)
    text = (TOP / "docs" / "safety.md").read_text(encoding="utf-8")
    section = text.partition("## Grafana\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+?) \|", section, re.MULTILINE)
    assert rows[0] == "step"
    assert sorted(rows[1:]) == sorted({row for found in STEPS.values() for row in found})
