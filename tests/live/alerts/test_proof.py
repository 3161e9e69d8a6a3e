# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof's line of the notification on a real cluster: ok, and not ok with the hop where it stopped, for each link that is cut."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_proof_route as proof_route
from modules import run
from unit.alerts import shipped

from . import links
from . import stack as live

TOP = Path(__file__).parents[3]
NAME = "a shell's Falco event becomes a notification"
DELIVERED = "the contact points deliver a test notification"
POINT = "runtime_security.kubernetes proof"
# As metrics_stack sets it up, Grafana's Alertmanager takes up every 10 seconds what the provisioning API wrote.
TAKEN_UP = 15
# What has nothing to do with notifications.
LESS = {
    "pipeline_proof_etcd": False,
    "pipeline_proof_audit": False,
    "pipeline_proof_witness": False,
    "pipeline_proof_dashboards": [],
}


@pytest.fixture(scope="module")
def stack():
    stack = live.Stack()
    stack.make_namespace()
    try:
        stack.sink()
        yield stack
    finally:
        stack.remove_namespace()
        declare(stack)


def declare(stack, excluded=(), **params):
    """The shipped rules and the way of the proof, as the role writes them."""
    constants = shipped.constants()
    result = run(
        "grafana_alerting",
        stack.connection["url"],
        **{key: stack.connection[key] for key in ("url_username", "url_password")},
        folder_uid="runtime-security",
        interval_seconds=constants["__grafana_wiring_alerts_interval"],
        rules=[rule for rule in shipped.rules() if rule["uid"] not in excluded],
        purge=True,
        timeout=30,
        **{"proof_namespace": "pipeline-proof", **params},
    )
    assert not result.get("failed"), result.get("msg")


def declare_sink(stack, address):
    point = {"name": "people", "type": "webhook", "settings": {"url": address}}
    route = shipped.constants()["__grafana_wiring_route"]
    declare(stack, contact_points=[point], policy={"contact_point": "people", **route})
    time.sleep(TAKEN_UP)


def proved(stack, tmp_path, timeout=90, **inputs):
    """The lines of the notification by their names."""
    where = {"runtime_security_kubeconfig": os.environ["ALERTS_KUBECONFIG"], "runtime_security_cluster": "existing"}
    where |= {"runtime_security_context": os.environ.get("ALERTS_CONTEXT", ""), "pipeline_proof_timeout": timeout}
    given = {**where, **LESS, "runtime_security_proof_path": f"{tmp_path}/proof.json", **inputs}
    command = ["ansible-playbook", "playbooks/verify.yml", "-e", f"@{os.environ['RUNTIME_SECURITY_BUNDLE']}"]
    done = subprocess.run([*command, "-e", json.dumps(given)], cwd=TOP, capture_output=True, text=True, check=False)
    proof = tmp_path / "proof.json"
    assert proof.exists(), done.stdout[-2000:] + done.stderr
    lines = json.loads(proof.read_text(encoding="utf-8"))
    assert done.returncode == 0 or not all(line["ok"] for line in lines), done.stdout[-2000:]
    found = {line["name"]: line for line in lines if line["name"] in (NAME, DELIVERED)}
    for line in found.values():
        print(f"{'ok' if line['ok'] else 'NOT'} {line['seconds']:6.2f} s  {line['detail']}", flush=True)
    return found


def test_the_event_becomes_a_notification(stack, tmp_path):
    declare(stack)
    line = proved(stack, tmp_path, 180)[NAME]
    assert line["ok"], line
    assert line["seconds"] < 60
    assert stack.core.list_namespaced_service("pipeline-proof").items == []


def test_without_its_rule_there_is_no_alert(stack, tmp_path):
    declare(stack, excluded=["runtime-event"])
    line = proved(stack, tmp_path)[NAME]
    assert not line["ok"]
    assert "Grafana has no alert of pod" in line["detail"]


def test_without_its_route_it_goes_elsewhere(stack, tmp_path):
    declare(stack, proof_namespace=None)
    time.sleep(TAKEN_UP)
    # The proof waits 70 seconds for its contact point before it starts a shell.
    line = proved(stack, tmp_path, 150)[NAME]
    assert not line["ok"]
    assert "for the contact points grafana-default-email" in line["detail"]


def test_with_wrong_addresses_the_attempts_fail(stack, tmp_path, monkeypatch):
    """Of the proof's own contact point, and of the people's."""
    monkeypatch.setattr(proof_route, "SERVICE", "nowhere")
    declare_sink(stack, "http://nobody.invalid:8080/")
    lines = proved(stack, tmp_path, pipeline_proof_test_notification=True)
    assert not lines[NAME]["ok"]
    assert f"for the contact points people, {POINT}, and the sink" in lines[NAME]["detail"]
    assert "the last attempt failed: " in lines[NAME]["detail"]
    assert not lines[DELIVERED]["ok"]
    assert "contact point people: " in lines[DELIVERED]["detail"]
    assert "nobody.invalid" in lines[DELIVERED]["detail"]


def test_a_test_reaches_the_people_and_says_that_it_is_one(stack, tmp_path):
    declare_sink(stack, stack.sink_address())
    lines = proved(stack, tmp_path, 180, pipeline_proof_test_notification=True)
    assert lines[NAME]["ok"], lines
    assert lines[DELIVERED]["ok"], lines
    sent = [json.loads(text) for text in stack.logs("sink").splitlines() if text.startswith("{")]
    alerts = [alert for one in sent for alert in one["alerts"]]
    texts = [alert["annotations"]["summary"] for alert in alerts if "pipeline-proof" in alert["labels"].values()]
    assert texts
    assert all(text.startswith("A test of the notifications, no attack. Notice: Terminal shell") for text in texts)


def test_without_the_log_agent_there_is_no_alert(stack, tmp_path):
    with links.without_agent(stack):
        line = proved(stack, tmp_path)[NAME]
    assert not line["ok"]
    assert "Grafana has no alert of pod" in line["detail"]
