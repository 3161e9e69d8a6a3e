# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loki's agents, from the charts' own templates, and the classic variant, whose chart has both."""

from __future__ import annotations

import json

import pytest
import yaml
from chart_objects import BOTH, container, loki_config, pod, secret
from chart_templates import templated_by

OUR_LABELS = {"namespace", "pod", "container", "app", "node_name", "job"}


@BOTH
@pytest.mark.parametrize("variant", ["current", "classic"])
def test_a_tenant_writes_as_one(rendered, charts, variant):
    inputs = {"loki_stack_agent": "promtail", "loki_stack_tenant": "security", "loki_stack_variant": variant}
    releases = rendered(charts, "loki_stack", **inputs)
    config = loki_config(releases["loki"]) if variant == "current" else secret(releases["loki"], "loki", "loki.yaml")
    assert config["auth_enabled"] is True
    agent = releases["promtail" if variant == "current" else "loki"]
    (client,) = secret(agent, "promtail", "promtail.yaml")["clients"]
    assert client["tenant_id"] == "security"


def relabelled(rules):
    return {rule["target_label"] for rule in rules if not rule["target_label"].startswith("__")}


def check_promtail(objects):
    config = secret(objects, "promtail", "promtail.yaml")
    (client,) = config["clients"]
    assert client["url"] == "http://loki.monitoring.svc:3100/loki/api/v1/push"
    assert client["backoff_config"]["max_retries"] == 0
    (job,) = config["scrape_configs"]
    assert relabelled(job["relabel_configs"]) == OUR_LABELS
    template, main = pod(objects, "DaemonSet", "promtail"), container(objects, "DaemonSet", "promtail")
    mounts = {m["name"]: m["mountPath"] for m in main["volumeMounts"]}
    assert config["positions"]["filename"].startswith(f"{mounts['positions']}/")
    hosts = {v["name"]: v["hostPath"]["path"] for v in template["spec"]["volumes"] if "hostPath" in v}
    # Links in one of the two log folders lead to the other, so a path has to be the same inside and outside.
    assert hosts == {name: mounts[name] for name in ("positions", "pods", "containers")}
    assert template["metadata"]["labels"]["app.kubernetes.io/part-of"] == "runtime_security.kubernetes"
    assert template["metadata"]["annotations"]["prometheus.io/port"] == str(main["ports"][0]["containerPort"])
    assert template["spec"]["tolerations"] == [{"operator": "Exists"}]
    return config["positions"]["filename"]


@BOTH
def test_promtail(rendered, charts):
    check_promtail(rendered(charts, "loki_stack", loki_stack_agent="promtail")["promtail"])


@BOTH
def test_another_kind_of_loki_is_filled_from_the_beginning_of_the_files(rendered, charts):
    inputs = {"loki_stack_agent": "promtail"}
    one = check_promtail(rendered(charts, "loki_stack", **inputs)["promtail"])
    other = check_promtail(rendered(charts, "loki_stack", **inputs | {"loki_stack_persistence": False})["promtail"])
    classic = check_promtail(rendered(charts, "loki_stack", loki_stack_variant="classic")["loki"])
    assert len({one, other, classic}) == 3


@BOTH
def test_the_classic_variant(rendered, charts):
    releases = rendered(charts, "loki_stack", loki_stack_variant="classic", loki_stack_persistence_size="2Gi")
    assert list(releases) == ["loki"]
    objects = releases["loki"]
    spec = objects["StatefulSet", "loki"]["spec"]
    # The chart's own 2.6.1 fails Grafana's health check, which needs vector() of Loki 2.7.
    assert container(objects, "StatefulSet", "loki")["image"].endswith("grafana/loki:2.9.8")
    assert spec["template"]["metadata"]["labels"] == {"app": "loki", "name": "loki", "release": "loki"}
    (claim,) = spec["volumeClaimTemplates"]
    assert (claim["metadata"]["name"], claim["spec"]["resources"]["requests"]["storage"]) == ("storage", "2Gi")
    assert (3100, "http-metrics") in {(p["port"], p["targetPort"]) for p in objects["Service", "loki"]["spec"]["ports"]}
    assert secret(objects, "loki", "loki.yaml")["limits_config"]["retention_period"] == "168h"
    # A Grafana that looks for data sources would find a second one.
    assert not any(kind == "ConfigMap" for kind, _name in objects)
    check_promtail(objects)


def collector(objects):
    return yaml.safe_load(objects["ConfigMap", "otel-agent"]["data"]["relay"])


@pytest.mark.parametrize(
    ("mode", "service"),
    [("monolithic", "loki"), ("simple_scalable", "loki-write"), ("distributed", "loki-distributor")],
)
def test_the_collector_writes_to_the_part_that_takes_lines(mode, service):
    config = templated_by("loki_stack", "__loki_stack_otel_config", {"loki_stack_mode": mode})
    assert config["exporters"]["otlp_http"]["endpoint"] == f"http://{service}.monitoring.svc:3100/otlp"


@BOTH
def test_the_collector(rendered, charts):
    releases = rendered(charts, "loki_stack", loki_stack_agent="otel")
    config = collector(releases["otel-agent"])
    assert config["service"]["pipelines"]["logs"]["processors"] == ["k8s_attributes", "transform"]
    template, main = (look(releases["otel-agent"], "DaemonSet", "otel-agent") for look in (pod, container))
    assert main["resources"] == {"requests": {"cpu": "100m", "memory": "128Mi"}}
    mounts = {m["mountPath"]: m.get("readOnly", False) for m in main["volumeMounts"]}
    hosts = {v["hostPath"]["path"] for v in template["spec"]["volumes"] if "hostPath" in v}
    assert hosts == {"/var/lib/otel-agent", "/var/log/pods", "/var/lib/docker/containers"}
    assert {path for path in hosts if not mounts[path]} == {"/var/lib/otel-agent"}
    assert template["metadata"]["labels"]["app.kubernetes.io/part-of"] == "runtime_security.kubernetes"
    (port,) = main["ports"]
    assert template["metadata"]["annotations"]["prometheus.io/port"] == str(port["containerPort"])
    assert "hostPort" not in port


@BOTH
def test_the_collector_confirms_nothing_that_is_in_memory_only(rendered, charts):
    objects = rendered(charts, "loki_stack", loki_stack_agent="otel", loki_stack_agent_queue_mb=32)["otel-agent"]
    config, main = collector(objects), container(objects, "DaemonSet", "otel-agent")
    assert "--feature-gates=stanza.synchronousLogEmitter" in main["args"]
    (exporter,), (receiver,) = config["exporters"].values(), config["receivers"].values()
    queue = exporter["sending_queue"]
    assert (queue["batch"], queue["block_on_overflow"]) == ({"enabled": False}, True)
    assert (queue["sizer"], queue["queue_size"]) == ("bytes", 32 * 1024 * 1024)
    # Loki may lose the earlier of two requests of one stream that it has at the same time.
    assert queue["num_consumers"] == 1
    assert {part["retry_on_failure"]["max_elapsed_time"] for part in (exporter, receiver)} == {"0s"}
    stores = {name: config["extensions"][name] for name in (queue["storage"], receiver["storage"])}
    assert len({store["directory"] for store in stores.values()}) == 2
    assert all(store["fsync"] for store in stores.values())
    assert set(stores) <= set(config["service"]["extensions"])


@BOTH
def test_what_the_collector_sends_are_labels_in_loki(rendered, charts):
    releases = rendered(charts, "loki_stack", loki_stack_agent="otel", loki_stack_tenant="security")
    (rule,) = loki_config(releases["loki"])["limits_config"]["otlp_config"]["resource_attributes"]["attributes_config"]
    assert (rule["action"], set(rule["attributes"])) == ("index_label", OUR_LABELS | {"stream"})
    config = collector(releases["otel-agent"])
    kept = config["processors"]["transform"]["log_statements"][0]["statements"][-1]
    assert set(json.loads(kept[kept.index("[") : kept.index("]") + 1])) == {*rule["attributes"], "service.name"}
    assert config["exporters"]["otlp_http"]["headers"] == {"X-Scope-OrgID": "security"}


def test_the_agents_treat_a_line_alike():
    values = templated_by("loki_stack", "__loki_stack_agents", {})
    (promtail,) = yaml.safe_load(values["promtail"]["config"]["snippets"]["scrapeConfigs"])
    words = [line.strip() for line in values["alloy"]["alloy"]["configMap"]["content"].splitlines()]
    labels = {word.split('"')[1] for word in words if word.startswith("target_label") and '"__' not in word}
    assert labels == relabelled(promtail["relabel_configs"]) == OUR_LABELS
    matches = [stage["match"] for stage in promtail["pipeline_stages"] if "match" in stage]
    selectors = [json.loads(word.partition("=")[2]) for word in words if word.startswith("selector ")]
    assert selectors == [match["selector"] for match in matches]
    stages = [word.split()[0].removeprefix("stage.") for word in words if word.startswith("stage.")]
    single = [one for stage in promtail["pipeline_stages"] for one in stage.get("match", {"stages": [stage]})["stages"]]
    assert [stage for stage in stages if stage not in ("match", "label_drop")] == [
        name for stage in single for name in stage if name != "labeldrop"
    ]
    masks = [stage["replace"] for stage in single if "replace" in stage]
    for key in ("expression", "replace"):
        assert [json.loads(word.partition("=")[2]) for word in words if word.startswith(f"{key} ")] == [
            mask[key] for mask in masks
        ]
