# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is relied on of Loki and its agents: on the lab's charts, and on the real ones where a checkout is at hand.

$REAL_CHARTS names a folder with the real charts (loki, loki-stack, promtail, alloy), their dependencies built or taken
out of Chart.yaml. The lab has no Alloy and one mode of Loki; the other modes are rendered on the real chart only.
"""

from __future__ import annotations

import pytest
from chart_objects import BOTH, LAB, REAL, container, loki_config, pod, secret
from chart_templates import release_values
from live.s3 import configuration

S3 = {
    "loki_stack_s3_bucket": "chunks",
    "loki_stack_s3_endpoint": "http://s3.example.org:9000",
    "loki_stack_s3_access_key": "the-access-key",
    "loki_stack_s3_secret_key": "the-secret-key",
}


@pytest.fixture
def loki(rendered):
    """The objects of the release `loki`; with Promtail, which the lab has too."""

    def _loki(charts, **inputs):
        return rendered(charts, "loki_stack", **{"loki_stack_agent": "promtail"} | inputs)["loki"]

    return _loki


@BOTH
def test_loki(loki, charts):
    inputs = {"loki_stack_retention_hours": 48, "loki_stack_ingestion_rate_mb": 5, "loki_stack_max_line_kb": 64}
    objects = loki(charts, **inputs)
    assert (3100, "http-metrics") in {(p["port"], p["targetPort"]) for p in objects["Service", "loki"]["spec"]["ports"]}
    template, main = pod(objects, "StatefulSet", "loki"), container(objects, "StatefulSet", "loki")
    assert template["metadata"]["annotations"]["prometheus.io/port"] == str(main["ports"][0]["containerPort"])
    assert main["readinessProbe"]["initialDelaySeconds"] == 0
    mounts = {(m["name"], m["mountPath"]) for m in main["volumeMounts"]}
    assert {("config", "/etc/loki/config"), ("storage", "/var/loki"), ("temp", "/tmp")} <= mounts
    config = loki_config(objects)
    assert config["auth_enabled"] is False
    assert config["common"]["ring"]["kvstore"]["store"] == "inmemory"
    assert config["ingester"]["lifecycler"]["min_ready_duration"] == "0s"
    limits = config["limits_config"]
    assert limits["retention_period"] == limits["reject_old_samples_max_age"] == "48h"
    assert (limits["ingestion_rate_mb"], limits["ingestion_burst_size_mb"]) == (5, 10)
    assert (limits["max_line_size"], limits["max_line_size_truncate"]) == ("64KB", True)
    assert limits["allow_structured_metadata"] is True
    # Sharding would add a label.
    assert limits["shard_streams"] == {"enabled": False}
    assert config["compactor"]["retention_enabled"] is True
    # No annotation on a Service: each of its ports would become a target.
    assert not any("prometheus.io/scrape" in (o["metadata"].get("annotations") or {}) for o in objects.values())


@BOTH
def test_data_lies_in_a_claim_that_goes_with_the_statefulset(loki, charts):
    spec = loki(charts, loki_stack_persistence_storage_class="fast", loki_stack_persistence_size="3Gi")[
        "StatefulSet", "loki"
    ]["spec"]
    (claim,) = spec["volumeClaimTemplates"]
    assert claim["metadata"]["name"] == "storage"
    assert claim["spec"]["resources"]["requests"] == {"storage": "3Gi"}
    assert claim["spec"]["storageClassName"] == "fast"
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Delete", "whenScaled": "Retain"}
    annotations = spec["template"]["metadata"]["annotations"]
    assert annotations["runtime-security/volume"] == "3Gi fast"
    # '' is the default class; an empty name in the claim would ask for none.
    (claim,) = loki(charts)["StatefulSet", "loki"]["spec"]["volumeClaimTemplates"]
    assert "storageClassName" not in claim["spec"]


@BOTH
def test_without_persistence_data_lies_in_the_pod(loki, charts):
    spec = loki(charts, loki_stack_persistence=False)["StatefulSet", "loki"]["spec"]
    assert "volumeClaimTemplates" not in spec
    volumes = spec["template"]["spec"]["volumes"]
    assert [v for v in volumes if v["name"] == "storage"] == [{"name": "storage", "emptyDir": {}}]


@BOTH
def test_retention_by_stream_keeps_the_order_of_the_input(loki, charts):
    first, second = '{namespace="falco"}', '{namespace=~"kube-.+"}'
    inputs = [{"selector": first, "hours": 720}, {"selector": second, "hours": 24}]
    streams = loki_config(loki(charts, loki_stack_retention_streams=inputs))["limits_config"]["retention_stream"]
    by_priority = sorted(streams, key=lambda stream: -stream["priority"])
    assert [(s["selector"], s["period"]) for s in by_priority] == [(first, "720h"), (second, "24h")]
    assert {s["priority"] for s in streams} == {1, 2}


@BOTH
def test_default_resources(rendered, charts):
    main = container(rendered(charts, "loki_stack", loki_stack_agent="promtail")["promtail"], "DaemonSet", "promtail")
    assert main["resources"] == {"requests": {"cpu": "100m", "memory": "128Mi"}}


@BOTH
def test_resources(rendered, charts):
    wanted, less = {"requests": {"memory": "1Gi"}}, {"limits": {"memory": "128Mi"}}
    inputs = {"loki_stack_agent": "promtail", "loki_stack_resources": wanted, "loki_stack_agent_resources": less}
    releases = rendered(charts, "loki_stack", **inputs)
    assert container(releases["loki"], "StatefulSet", "loki")["resources"] == wanted
    assert container(releases["promtail"], "DaemonSet", "promtail")["resources"] == less


if REAL:
    (CHARTS,) = REAL

    @pytest.mark.parametrize("mode", ["simple_scalable", "distributed"])
    def test_a_scaled_mode(loki, mode):
        objects = loki(CHARTS, loki_stack_mode=mode, **S3)
        parts = {"simple_scalable": 3, "distributed": 7}[mode]
        workloads = [o for (kind, _name), o in objects.items() if kind in ("StatefulSet", "Deployment")]
        assert len(workloads) == parts
        reads = {"simple_scalable": "read", "distributed": "query-frontend"}[mode]
        selector = objects["Service", "loki"]["spec"]["selector"]
        assert selector["app.kubernetes.io/component"] == reads
        for workload in workloads:
            template = workload["spec"]["template"]
            assert template["spec"]["containers"][0]["envFrom"] == [{"secretRef": {"name": "loki-s3"}}]
        frontend = next(w for w in workloads if w["metadata"]["name"] == f"loki-{reads}")
        assert selector.items() <= frontend["spec"]["template"]["metadata"]["labels"].items()
        config = loki_config(objects)
        s3 = config["common"]["storage"]["s3"]
        assert (s3["endpoint"], s3["insecure"], s3["s3forcepathstyle"]) == ("s3.example.org:9000", True, True)
        assert config["common"]["replication_factor"] == 3
        assert config["schema_config"]["configs"][0]["object_store"] == "s3"
        assert config["memberlist"]["join_members"]
        assert config["ingester"]["wal"]["flush_on_shutdown"] is True
        # By its ring a frontend may wait for its scheduler for ever.
        assert config["frontend"]["scheduler_address"] and config["frontend_worker"]["scheduler_address"]
        writer = objects["StatefulSet", {"simple_scalable": "loki-write", "distributed": "loki-ingester"}[mode]]["spec"]
        assert writer["volumeClaimTemplates"][0]["spec"]["resources"]["requests"] == {"storage": "10Gi"}
        assert writer["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Delete", "whenScaled": "Retain"}
        assert "the-secret-key" not in str(objects) and "the-access-key" not in str(objects)

    def test_replicas_of_one_process_on_s3(loki):
        objects = loki(CHARTS, **S3)
        assert [name for kind, name in objects if kind in ("StatefulSet", "Deployment")] == ["loki"]
        spec = objects["StatefulSet", "loki"]["spec"]
        assert spec["replicas"] == 3
        template = spec["template"]
        assert template["metadata"]["annotations"]["runtime-security/store"] == "s3"
        assert template["metadata"]["annotations"]["prometheus.io/scrape"] == "true"
        # As long as an ingester of the other modes has to write to S3 what it holds.
        assert template["spec"]["terminationGracePeriodSeconds"] == 300
        assert template["spec"]["containers"][0]["envFrom"] == [{"secretRef": {"name": "loki-s3"}}]
        config = loki_config(objects)
        assert config["common"]["replication_factor"] == 3
        assert "ring" not in config["common"]
        assert config["memberlist"]["join_members"]
        s3 = config["common"]["storage"]["s3"]
        assert (s3["bucketnames"], s3["region"]) == ("chunks", "us-east-1")
        assert (
            config["schema_config"]["configs"][0]["object_store"] == config["compactor"]["delete_request_store"] == "s3"
        )
        assert config["ingester"]["wal"]["flush_on_shutdown"] is True
        assert config["frontend_worker"]["frontend_address"] == "127.0.0.1:9095"
        assert "the-secret-key" not in str(objects) and "the-access-key" not in str(objects)

    @pytest.mark.parametrize("tls", [False, True])
    @pytest.mark.parametrize("mode", ["monolithic", "simple_scalable", "distributed"])
    def test_the_live_tests_on_s3_run_the_charts_configuration(loki, tmp_path, mode, tls):
        inputs = {"loki_stack_mode": mode, "loki_stack_tls": tls, **S3}
        ours = configuration.of_the_lab(tmp_path, release_values("loki_stack", inputs)["loki"], mode)
        theirs = loki_config(loki(CHARTS, **inputs))
        assert changed(ours, theirs) == []

    def changed(ours, theirs, path=""):
        """Where the second one has another value than the first."""
        if isinstance(ours, dict) and isinstance(theirs, dict):
            return [one for key in ours for one in changed(ours[key], theirs.get(key), f"{path}/{key}")]
        return [] if ours == theirs else [(path, ours, theirs)]

    def test_two_replicas_keep_each_line_once(loki):
        objects = loki(CHARTS, loki_stack_replicas={"singleBinary": 2}, **S3)
        assert objects["StatefulSet", "loki"]["spec"]["replicas"] == 2
        assert loki_config(objects)["common"]["replication_factor"] == 1

    @pytest.mark.parametrize("mode", ["monolithic", "simple_scalable", "distributed"])
    def test_an_existing_loki_keeps_its_schema_periods(loki, mode):
        deployment = {
            "schema_periods": [{"from": "2023-01-01", "store": "tsdb", "object_store": "s3", "schema": "v12"}]
        }
        config = loki_config(loki(CHARTS, loki_stack_mode=mode, __loki_stack_deployment=deployment, **S3))
        assert config["schema_config"]["configs"] == deployment["schema_periods"]

    @pytest.mark.parametrize(("writers", "copies"), [(1, 1), (2, 1), (3, 3), (5, 3)])
    def test_as_many_copies_as_writers_can_agree_on(loki, writers, copies):
        objects = loki(CHARTS, loki_stack_mode="simple_scalable", loki_stack_replicas={"write": writers}, **S3)
        assert objects["StatefulSet", "loki-write"]["spec"]["replicas"] == writers
        assert loki_config(objects)["common"]["replication_factor"] == copies

    def test_the_agent_writes_to_the_part_that_takes_lines(rendered):
        for mode, push in (("simple_scalable", "loki-write"), ("distributed", "loki-distributor")):
            inputs = {"loki_stack_agent": "promtail", "loki_stack_mode": mode, **S3}
            releases = rendered(CHARTS, "loki_stack", **inputs)
            (client,) = secret(releases["promtail"], "promtail", "promtail.yaml")["clients"]
            assert client["url"] == f"http://{push}.monitoring.svc:3100/loki/api/v1/push"
            assert 3100 in {p["port"] for p in releases["loki"]["Service", push]["spec"]["ports"]}

    # The lab has no Alloy: its module does not build from the Go module proxy.
    def test_alloy(rendered):
        inputs = {"loki_stack_agent": "alloy", "loki_stack_tenant": "security"}
        inputs |= {"loki_stack_agent_resources": {"limits": {"memory": "256Mi"}}}
        alloy = rendered(CHARTS, "loki_stack", **inputs)["alloy"]
        template, main = pod(alloy, "DaemonSet", "alloy"), container(alloy, "DaemonSet", "alloy")
        assert main["resources"] == {"limits": {"memory": "256Mi"}}
        assert "--disable-reporting" in main["args"]
        assert "--storage.path=/var/lib/alloy/current-monolithic-claim-monitoring" in main["args"]
        hosts = {v["name"]: v["hostPath"]["path"] for v in template["spec"]["volumes"] if "hostPath" in v}
        assert hosts["positions"] == "/var/lib/alloy"
        assert {"/var/log", "/var/lib/docker/containers"} <= set(hosts.values())
        assert template["metadata"]["annotations"]["prometheus.io/port"] == str(main["ports"][0]["containerPort"])
        # It may read pods, and nothing else.
        assert {r for rule in alloy["ClusterRole", "alloy-monitoring"]["rules"] for r in rule["resources"]} == {"pods"}
        (content,) = alloy["ConfigMap", "alloy"]["data"].values()
        assert 'tenant_id = "security"' in content


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"loki_stack_values": {"gateway": {"enabled": True}}}, "gateway.enabled is true"),
        ({"loki_stack_values": {"singleBinary": {"replicas": 2}}}, "one replica"),
        ({"loki_stack_mode": "simple_scalable", **S3}, "one replica"),
        ({"loki_stack_variant": "classic", "loki_stack_values": {"test_pod": {"enabled": True}}}, "has no test"),
    ],
)
def test_the_lab_refuses_what_it_cannot_do(loki, inputs, message):
    with pytest.raises(AssertionError, match=message):
        loki(LAB, **inputs)
