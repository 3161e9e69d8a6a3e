# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the installed pods may ask of the API server.

On the lab's charts, and on the real ones where $REAL_CHARTS and $REAL_FALCO_CHARTS name folders with them.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from chart_templates import lab_falco_charts, release_values, render, templated_by

LAB = Path(__file__).parents[3] / "lab" / "charts"
LEARNT = {"falco_ebpf": {"__falco_ebpf_chosen": "modern_ebpf"}}
CASES = {
    "prometheus and grafana": ("metrics_stack", {}),
    "loki and promtail": ("loki_stack", {"loki_stack_agent": "promtail"}),
    "loki and the collector": (
        "loki_stack",
        {"loki_stack_agent": "otel", "loki_stack_events": True, "loki_stack_node_logs": True},
    ),
    "loki and the audit log's file": ("loki_stack", {"loki_stack_audit_log": "kubeadm"}),
    "classic loki": ("loki_stack", {"loki_stack_variant": "classic", "loki_stack_audit_log": "k3s"}),
    "real loki and alloy": ("loki_stack", {"loki_stack_agent": "alloy"}),
    "falco": ("falco_ebpf", {}),
    "classic falco": ("falco_ebpf", {"falco_ebpf_variant": "classic"}),
}
# Prometheus and the agents find what they read by the API server.
ASK = {"prometheus-server", "alloy", "otel-agent", "otel-events", "promtail"}
# The role adds to the pods of these what their chart has no value for; tests/live/pipeline/test_rights.py looks at the pods.
AMENDED = {"falco-falcosidekick"}
LOOKS = {"get", "list", "watch"}


def folder_of(role: str, inputs: dict, real: bool, folder: Path) -> Path:
    variant = inputs.get("falco_ebpf_variant", "current")
    if not real:
        return lab_falco_charts(folder, variant)
    falco = Path(os.environ["REAL_FALCO_CHARTS"]) / variant
    return falco if role == "falco_ebpf" else Path(os.environ["REAL_CHARTS"])


@pytest.fixture(params=[False, True], ids=["lab", "real"])
def real(request):
    if request.param and not {"REAL_CHARTS", "REAL_FALCO_CHARTS"} <= os.environ.keys():
        pytest.skip("$REAL_CHARTS and $REAL_FALCO_CHARTS do not say where the real charts are")
    return request.param


@pytest.fixture(params=CASES)
def objects(request, real, tmp_path):
    if "real" in request.param and not real:
        pytest.skip("the lab has no Alloy")
    role, inputs = CASES[request.param]
    charts = folder_of(role, inputs, real, tmp_path / "charts")
    inputs = inputs | LEARNT.get(role, {})
    releases = templated_by(role, f"__{role}_releases", inputs)
    assert release_values(role, inputs).keys() == {release["name"] for release in releases}
    found = {}
    for release in releases:
        found |= render(tmp_path, charts / release["chart"], release["name"], release["values"])
    return found


def test_only_who_asks_the_api_server_has_a_token(objects):
    accounts = {
        name: found.get("automountServiceAccountToken")
        for (kind, name), found in objects.items()
        if kind == "ServiceAccount"
    }
    # Ours, which the role writes before Helm begins.
    accounts["falco-without-token"] = False
    pods = {
        name: found["spec"]["template"]["spec"]
        for (kind, name), found in objects.items()
        if kind in {"Deployment", "DaemonSet", "StatefulSet"}
    }
    with_token = {
        name
        for name, pod in pods.items()
        if pod.get("automountServiceAccountToken", accounts.get(pod.get("serviceAccountName"))) is not False
    }
    assert with_token - AMENDED <= ASK
    # The account "default" is everybody's.
    assert {name for name, pod in pods.items() if pod.get("serviceAccountName") in (None, "default")} == set()


def test_the_rights_are_to_look(objects):
    for (kind, name), found in objects.items():
        if kind not in {"ClusterRole", "Role"}:
            continue
        for rule in found.get("rules") or []:
            assert set(rule["verbs"]) <= LOOKS, name
            named = {*rule.get("resources", []), *rule.get("apiGroups", []), *rule.get("nonResourceURLs", [])}
            assert not named & {"*", "secrets", "configmaps"}, name
