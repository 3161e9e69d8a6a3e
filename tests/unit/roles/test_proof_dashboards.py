# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof asks for the shipped dashboards that are wired, and for users' ones on request."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

TOP = Path(__file__).parents[3]
SHIPPED = ["runtime-security-events", "log-explorer", "pipeline-health", "api-audit"]
CASES = {
    "all": ({}, SHIPPED),
    "two": (
        {"grafana_wiring_dashboards": [f"dashboards/{uid}.json" for uid in (SHIPPED[0], SHIPPED[3])]},
        [SHIPPED[0], SHIPPED[3]],
    ),
    "mixed": (
        {
            "grafana_wiring_dashboards": [
                {"path": "dashboards/log-explorer.json"},
                "/home/me/dashboards/log-explorer.json",
                "dashboards/mine.json",
                "https://git.example.org/dashboards/api-audit.json",
                {"id": 1860, "revision": 37},
            ],
            "pipeline_proof_more_dashboards": ["grafana-com-1860", "log-explorer"],
        },
        ["log-explorer", "grafana-com-1860"],
    ),
    "none": ({"grafana_wiring_dashboards": ["mine.json"]}, []),
    "chosen": ({"pipeline_proof_dashboards": ["api-audit"], "grafana_wiring_dashboards": []}, ["api-audit"]),
}


@pytest.mark.parametrize("case", CASES)
def test_the_dashboards_that_are_asked_for(tmp_path, case):
    given, expected = CASES[case]
    role = TOP / "roles" / "pipeline_proof"
    tasks = yaml.safe_load((role / "tasks" / "prove.yml").read_text())[0]["block"]
    asked = next(task for task in tasks if "runtime_security.kubernetes.pipeline_proof" in task)
    check = {
        "ansible.builtin.assert": {"that": "asked == expected", "fail_msg": "{{ asked }}"},
        "vars": {"asked": asked["runtime_security.kubernetes.pipeline_proof"]["dashboards"], "expected": expected},
    }
    files = [str(role / part / "main" / "proof.yml") for part in ("defaults", "vars")]
    play = {"hosts": "localhost", "gather_facts": False, "vars_files": files, "tasks": [check]}
    file = tmp_path / "play.yml"
    file.write_text(json.dumps([play]))
    words = ["ansible-playbook", str(file), "-e", json.dumps(given)]
    env = os.environ | {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0"}
    done = subprocess.run(words, cwd=TOP, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-500:]
