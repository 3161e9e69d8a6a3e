# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role grafana_wiring takes dashboards from files, addresses and grafana.com, on the oldest and the newest Grafana."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import subprocess
import threading
from pathlib import Path

import pytest
from grafana_double import RELEASES, Double

TOP = Path(__file__).parents[2]
EXPORTED = {
    "title": "Exported",
    "uid": None,
    "__inputs": [
        {"name": "DS_ANY", "type": "datasource", "pluginId": "prometheus", "label": "Prometheus"},
        {"name": "DS_TRACES", "type": "datasource", "pluginId": "tempo", "label": "Tempo"},
        {"name": "VAR_JOB", "type": "constant", "value": "shop", "label": "Job"},
    ],
    "panels": [
        {
            "id": 1,
            "type": "stat",
            "title": "up",
            "datasource": {"uid": "${DS_ANY}"},
            "targets": [{"expr": "up{job='${VAR_JOB}'}"}],
        },
        {"id": 2, "type": "traces", "title": "traces", "datasource": {"uid": "${DS_TRACES}"}},
    ],
}
TEXT = json.dumps(EXPORTED).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/11914/3" else 404)
        self.end_headers()
        self.wfile.write(TEXT)

    def log_message(self, *_arguments):
        """Says nothing."""


@pytest.fixture
def mirror():
    """The address of a mirror of grafana.com with one revision of one dashboard."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}/{{id}}/{{revision}}"
        httpd.shutdown()


@pytest.fixture
def grafana(request):
    with Double(RELEASES[getattr(request, "param", "13.3.0")]) as double:
        yield double


@pytest.fixture
def role(grafana, mirror, tmp_path):
    """Runs the role's apply, and returns the process and how often Grafana was written to."""
    file = tmp_path / "play.yml"
    tasks = [
        {"ansible.builtin.include_role": {"name": "runtime_security.kubernetes.grafana_wiring", "tasks_from": "apply"}}
    ]
    file.write_text(json.dumps([{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}]))
    inputs = {
        "grafana_wiring_url": grafana.url,
        "grafana_wiring_user": "admin",
        "grafana_wiring_password": "geheim",
        "grafana_wiring_dashboards_revision_url": mirror,
    }

    def run(*arguments, **more):
        before = len(grafana.writes())
        words = ["ansible-playbook", file, "-e", json.dumps(inputs | more), *arguments]
        done = subprocess.run(
            [str(word) for word in words],
            cwd=TOP,
            # No cluster, whatever this machine has.
            env=os.environ | {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0", "KUBECONFIG": str(tmp_path / "none")},
            capture_output=True,
            text=True,
            check=False,
        )
        return done, len(grafana.writes()) - before

    return run


def stored(grafana, uid):
    return grafana.dashboards.stored[uid].body


ENTRY = {"id": 11914, "revision": 3, "checksum": hashlib.sha256(TEXT).hexdigest()}
OURS = "dashboards/log-explorer.json"


@pytest.mark.parametrize("grafana", ["9.5.21", "13.3.0", "14.0.0"], indirect=True)
def test_files_and_revisions_of_a_mirror_are_wired_once(grafana, role):
    more = {"grafana_wiring_dashboards": [OURS, ENTRY], "grafana_wiring_dashboard_inputs": {"tempo": "our-tempo"}}
    done, writes = role(**more)
    assert done.returncode == 0, done.stdout[-3000:]
    assert writes > 0
    panels = stored(grafana, "grafana-com-11914")["panels"]
    assert panels[0]["datasource"] == {"uid": "prometheus"}
    assert panels[0]["targets"][0]["expr"] == "up{job='shop'}"
    assert panels[1]["datasource"] == {"uid": "our-tempo"}
    assert "${DS_" not in json.dumps(stored(grafana, "log-explorer"))

    done, writes = role(**more)
    assert done.returncode == 0, done.stdout[-3000:]
    assert (writes, "changed=0" in done.stdout) == (0, True)


@pytest.mark.parametrize(
    ("dashboards", "said"),
    [
        ([OURS, ENTRY], "no value for DS_TRACES"),
        ([OURS, ENTRY | {"checksum": "0" * 64}], "its SHA-256 is"),
        ([OURS, {"id": 11914, "revision": 4, "checksum": "0" * 64}], "was not answered: HTTP Error 404"),
        ([OURS, OURS], "Expected dashboards, each with a uid of its own"),
    ],
    ids=["input", "checksum", "revision", "twice"],
)
def test_what_cannot_be_wired_is_refused_before_anything_is_written(role, dashboards, said):
    done, writes = role(grafana_wiring_dashboards=dashboards)
    assert done.returncode != 0
    assert said in " ".join(done.stdout.split())
    assert writes == 0


@pytest.mark.parametrize("grafana", ["10.0.0"], indirect=True)
def test_a_schema_that_grafana_does_not_store_is_refused_before_anything_is_written(role, tmp_path):
    resource = {"apiVersion": "dashboard.grafana.app/v2", "kind": "Dashboard", "metadata": {"name": "shop"}}
    file = tmp_path / "v2.json"
    file.write_text(json.dumps({**resource, "spec": {"title": "Shop", "elements": {}, "layout": {}}}))
    done, writes = role(grafana_wiring_dashboards=[str(file)])
    assert done.returncode != 0
    assert "the schema is not stored by Grafana at" in " ".join(done.stdout.split())
    assert writes == 0
