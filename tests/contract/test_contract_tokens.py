# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Grafana with only a service account token: in the modules and in the roles."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from grafana_double import RELEASES, Double
from modules import run

TOP = Path(__file__).parents[2]
CALLS = {
    "grafana_dashboards": {"folder_uid": "ours", "dashboards": [{"uid": "a", "title": "A"}]},
    "grafana_data_source": {"uid": "loki", "type": "loki", "ds_url": "http://x"},
    "grafana_alerting": {"folder_uid": "ours"},
    "grafana_health_info": {"wait_timeout": 0},
}


@pytest.mark.parametrize("module", CALLS)
def test_an_administrators_token_is_enough(grafana, module):
    assert not run(module, grafana.url, **CALLS[module], grafana_api_key="glsa_admin").get("failed")


@pytest.mark.parametrize("token", ["glsa_editor", "glsa_viewer"])
@pytest.mark.parametrize("module", CALLS)
def test_a_token_without_the_right_says_which_role_it_needs(grafana, module, token):
    result = run(module, grafana.url, **CALLS[module], grafana_api_key=token)
    if module == "grafana_health_info" or (module, token) == ("grafana_dashboards", "glsa_editor"):
        assert not result.get("failed")
        return
    assert "Fix: give the token's service account the role Admin" in result["msg"]
    assert grafana.data_sources.stored == grafana.dashboards.stored == {}


def test_a_wrong_token_is_not_shown(grafana):
    result = run("grafana_health_info", grafana.url, wait_timeout=0, grafana_api_key="glsa_wrong")
    assert "refused the token: Invalid API key" in result["msg"]
    assert "glsa_wrong" not in str({key: value for key, value in result.items() if key != "invocation"})


@pytest.fixture
def play(tmp_path):
    """Runs an entry of a role, and returns the process."""

    def start(role, entry, *arguments, **inputs):
        name = f"runtime_security.kubernetes.{role}"
        tasks = [{"ansible.builtin.include_role": {"name": name, "tasks_from": entry}}]
        file = tmp_path / "play.yml"
        file.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
        words = ["ansible-playbook", str(file), "-e", json.dumps(inputs), *arguments]
        # No kubeconfig: with an address and a token no cluster is asked.
        env = os.environ | {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0", "KUBECONFIG": str(tmp_path / "none")}
        return subprocess.run(words, cwd=TOP, env=env, capture_output=True, text=True, check=False)

    return start


@pytest.mark.parametrize("release", ["12.4.0", "13.3.0", "14.0.0"])
def test_the_role_works_with_a_token_alone_and_shows_it_nowhere(play, release):
    with Double(RELEASES[release]) as double:
        inputs = {
            "runtime_security_grafana_url": double.url,
            "runtime_security_grafana_token": "glsa_admin",
            "grafana_wiring_certificates": {"a": 1795000000},
        }
        done = play("grafana_wiring", "main", "-vvv", "--diff", **inputs)
        assert done.returncode == 0, done.stdout[-3000:]
        assert len(double.dashboards.stored) == 4
        assert "with a token" in done.stdout
        # The command line of the test itself is the one place that has it.
        shown = [line for line in done.stdout.splitlines() if "glsa_admin" in line and "ansible-playbook" not in line]
        assert shown == []
        again = play("grafana_wiring", "main", **inputs)
        assert "changed=0" in again.stdout, again.stdout[-3000:]
        removed = play("grafana_wiring", "remove", **inputs)
        assert removed.returncode == 0, removed.stdout[-3000:]
        assert double.dashboards.stored == double.folders.stored == double.data_sources.stored == {}


@pytest.mark.parametrize(
    ("role", "variable", "more"),
    [
        ("grafana_wiring", "grafana_wiring_token", {"grafana_wiring_password": "word"}),
        ("pipeline_proof", "pipeline_proof_grafana_token", {"pipeline_proof_grafana_user": "me"}),
        ("metrics_stack", "metrics_stack_grafana_token", {"metrics_stack_grafana_admin_password": "long-enough-word"}),
    ],
)
def test_a_token_and_a_password_are_refused_by_name(play, role, variable, more):
    done = play(role, "validate", **{variable: "glsa_secret"}, **more)
    said = " ".join(done.stdout.split())
    assert done.returncode != 0, said
    assert variable in said
    assert "glsa_secret" not in said
