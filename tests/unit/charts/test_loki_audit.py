# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent that reads the audit log's file on control plane nodes, from the charts' own templates."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.loki_stack import AUDIT_LOGS
from chart_objects import BOTH, ROOT, container, pod, secret
from chart_templates import templated_by

RKE2 = "/var/lib/rancher/rke2/server/logs"
# Name of the release, and how the agent is chosen.
AGENTS = {
    "otel-audit-agent": {},
    "promtail-audit": {"loki_stack_agent": "promtail"},
    "promtail-audit, classic": {"loki_stack_variant": "classic"},
}
LABELS = {"container": "kube-apiserver", "namespace": "kube-system", "job": "kube-system/kube-apiserver"}


@pytest.fixture(params=AGENTS)
def objects(request, rendered, charts):
    inputs = AGENTS[request.param] | {"loki_stack_audit_log": "rke2"}
    return request.param.partition(",")[0], rendered(charts, "loki_stack", **inputs)


@BOTH
def test_it_mounts_the_folder_and_its_own_and_asks_the_api_server_for_nothing(objects):
    name, releases = objects
    found = releases[name]
    # In the classic chart without a Loki; no rights either.
    assert {kind for kind, _name in found} <= {"DaemonSet", "ServiceAccount", "ConfigMap", "Secret", "Service"}
    assert {_name for _kind, _name in found} == {name}
    spec, main = pod(found, "DaemonSet", name)["spec"], container(found, "DaemonSet", name)
    hosts = {volume["hostPath"]["path"]: volume["name"] for volume in spec["volumes"] if "hostPath" in volume}
    assert set(hosts) == {RKE2, "/var/lib/" + name.removesuffix("-agent")}
    mounts = {mount["name"]: mount for mount in main["volumeMounts"]}
    assert (mounts[hosts[RKE2]]["mountPath"], mounts[hosts[RKE2]]["readOnly"]) == (RKE2, True)
    assert spec["automountServiceAccountToken"] is False
    assert spec["serviceAccountName"] == name


@BOTH
def test_it_runs_on_control_plane_nodes_whatever_their_taints(objects):
    name, releases = objects
    template = pod(releases[name], "DaemonSet", name)
    (term,) = template["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
        "nodeSelectorTerms"
    ]
    assert term["matchExpressions"] == [{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists"}]
    assert template["spec"]["tolerations"] == [{"operator": "Exists"}]
    assert template["metadata"]["labels"]["app.kubernetes.io/part-of"] == "runtime_security.kubernetes"


@BOTH
def test_its_lines_have_the_labels_of_the_api_servers_output(objects):
    name, releases = objects
    if name == "otel-audit-agent":
        config = yaml.safe_load(releases[name]["ConfigMap", name]["data"]["relay"])
        receiver = config["receivers"]["file_log"]
        labels, files = receiver["resource"], receiver["include"]
        agent = yaml.safe_load(releases["otel-agent"]["ConfigMap", "otel-agent"]["data"]["relay"])
        # Delivery is the agent's.
        assert [config[key] for key in ("exporters", "extensions")] == [
            agent[key] for key in ("exporters", "extensions")
        ]
        assert receiver["storage"] == agent["receivers"]["file_log"]["storage"]
    else:
        config = secret(releases[name], name, "promtail.yaml")
        # Ready before the API server has written a file.
        assert config["server"]["health_check_target"] is False
        (job,) = config["scrape_configs"]
        (target,) = job["static_configs"]
        labels = target["labels"]
        folder, _, names = labels["__path__"].partition("/{")
        files = [f"{folder}/{name}" for name in names.removesuffix("}").split(",")]
    assert LABELS.items() <= labels.items()
    assert files[:2] == [f"{RKE2}/audit.log", f"{RKE2}/audit-*.log"]


@pytest.mark.parametrize(
    ("given", "file", "rotated"),
    [
        ("kubeadm", "/var/log/kubernetes/audit/audit.log", "/var/log/kubernetes/audit/audit-*.log"),
        ("k3s", "/var/lib/rancher/k3s/server/logs/audit.log", "/var/lib/rancher/k3s/server/logs/audit-*.log"),
        ("/srv/audit/api.json", "/srv/audit/api.json", "/srv/audit/api-*.json"),
        ("/srv/audit/api", "/srv/audit/api", "/srv/audit/api-*"),
    ],
)
def test_the_files(given, file, rotated):
    inputs = {"loki_stack_audit_log": given}
    assert templated_by("loki_stack", "__loki_stack_audit_file", inputs) == file
    assert templated_by("loki_stack", "__loki_stack_audit_rotated", inputs) == rotated


def test_the_presets_are_those_that_are_taken_and_documented():
    paths = templated_by("loki_stack", "__loki_stack_audit_paths", {})
    assert tuple(paths) == AUDIT_LOGS
    page = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    assert [name for name, path in paths.items() if f"| `{name}` | `{path}` |" not in page] == []


def test_on_standard_output_there_is_none_and_a_former_one_is_not_asked_for():
    names = [release["name"] for release in templated_by("loki_stack", "__loki_stack_releases", {})]
    assert names == ["loki", "otel-agent"]
    assert templated_by("loki_stack", "__loki_stack_agent_names", {}) == ["otel-agent"]
