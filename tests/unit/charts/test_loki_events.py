# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collectors that bring Kubernetes' events and the nodes' log files, from the charts' own templates; what they send is in tests/live/loki."""

from __future__ import annotations

import json

import pytest
import yaml
from chart_objects import BOTH, container, pod
from chart_templates import templated_by


def config(objects, name):
    return yaml.safe_load(objects["ConfigMap", name]["data"]["relay"])


@BOTH
def test_one_replica_that_may_list_and_watch_events_and_reads_no_node(rendered, charts):
    found = rendered(charts, "loki_stack", loki_stack_events=True)["otel-events"]
    spec = pod(found, "StatefulSet", "otel-events")["spec"]
    assert found["StatefulSet", "otel-events"]["spec"]["replicas"] == 1
    assert [volume for volume in spec["volumes"] if "hostPath" in volume] == []
    assert spec["securityContext"]["runAsNonRoot"] is True
    (rule,) = found["ClusterRole", "otel-events-monitoring"]["rules"]
    assert rule == {"apiGroups": [""], "resources": ["events"], "verbs": ["list", "watch"]}
    assert pod(found, "StatefulSet", "otel-events")["metadata"]["labels"]["app.kubernetes.io/part-of"] == (
        "runtime_security.kubernetes"
    )


@BOTH
def test_what_it_handed_over_and_what_waits_outlive_the_pod(rendered, charts):
    releases = rendered(charts, "loki_stack", loki_stack_events=True)
    found = releases["otel-events"]
    claim = found["PersistentVolumeClaim", "otel-events"]["spec"]
    (volume,) = [one for one in pod(found, "StatefulSet", "otel-events")["spec"]["volumes"] if one["name"] == "state"]
    assert volume["persistentVolumeClaim"]["claimName"] == "otel-events"
    mounts = {m["name"]: m["mountPath"] for m in container(found, "StatefulSet", "otel-events")["volumeMounts"]}
    events, agent = config(found, "otel-events-statefulset"), config(releases["otel-agent"], "otel-agent")
    receiver = events["receivers"]["k8sobjects"]
    queue = events["exporters"]["otlp_http"]["sending_queue"]
    for store in (receiver["storage"], queue["storage"]):
        assert events["extensions"][store]["directory"].startswith(mounts["state"])
    # The queue at its fullest, with room for its file.
    assert queue.pop("queue_size") * 3 < 2**30 and claim["resources"]["requests"]["storage"] == "1Gi"
    agent["exporters"]["otlp_http"]["sending_queue"].pop("queue_size")
    assert events["exporters"] == agent["exporters"]


def test_without_persistence_it_has_no_claim():
    inputs = {"loki_stack_persistence": False, "loki_stack_events": True}
    *_others, release = templated_by("loki_stack", "__loki_stack_releases", inputs)
    assert release["name"] == "otel-events"
    assert "PersistentVolumeClaim" not in json.dumps(release["values"]["extraManifests"])
    assert {"name": "state", "emptyDir": {}} in release["values"]["extraVolumes"]


@pytest.mark.parametrize(
    "inputs",
    [{}, {"loki_stack_agent": "promtail"}, {"loki_stack_variant": "classic"}],
)
def test_without_it_nothing_of_it_is_left(inputs):
    assert "otel-events" not in json.dumps(templated_by("loki_stack", "__loki_stack_release_names", inputs))
    assert "otel-events" not in templated_by("loki_stack", "__loki_stack_agent_names", inputs)
    assert {"kind": "StatefulSet", "name": "otel-events"} not in templated_by(
        "loki_stack", "__loki_stack_workloads", inputs
    )


@BOTH
def test_the_nodes_files_are_mounted_read_only_on_every_node(rendered, charts):
    found = rendered(charts, "loki_stack", loki_stack_node_logs=True)["otel-nodes-agent"]
    assert {kind for kind, _name in found} == {"DaemonSet", "ServiceAccount", "ConfigMap"}
    spec, main = (look(found, "DaemonSet", "otel-nodes-agent") for look in (pod, container))
    hosts = {one["name"]: one["hostPath"]["path"] for one in spec["spec"]["volumes"] if "hostPath" in one}
    assert hosts == {"state": "/var/lib/otel-nodes", "log": "/var/log"}
    assert {m["mountPath"]: m.get("readOnly", False) for m in main["volumeMounts"] if m["name"] in hosts} == {
        "/var/log": True,
        "/var/lib/otel-agent": False,
    }
    assert spec["spec"]["automountServiceAccountToken"] is False
    assert spec["spec"]["tolerations"] == [{"operator": "Exists"}]


@BOTH
def test_with_mutual_tls_each_collector_has_the_agents_certificate(rendered, charts):
    inputs = {"loki_stack_events": True, "loki_stack_node_logs": True, "loki_stack_audit_log": "k3s"}
    releases = rendered(charts, "loki_stack", loki_stack_tls=True, **inputs)
    for name in ("otel-agent", "otel-audit-agent", "otel-events", "otel-nodes-agent"):
        ((kind, _name),) = [key for key in releases[name] if key[0] in ("DaemonSet", "StatefulSet")]
        (settings,) = [key[1] for key in releases[name] if key[0] == "ConfigMap"]
        file = config(releases[name], settings)["exporters"]["otlp_http"]["tls"]["cert_file"]
        mounts = container(releases[name], kind, name)["volumeMounts"]
        (mount,) = [one for one in mounts if file.startswith(f"{one['mountPath']}/")]
        (volume,) = [one for one in pod(releases[name], kind, name)["spec"]["volumes"] if one["name"] == mount["name"]]
        assert "secret" in volume, name
