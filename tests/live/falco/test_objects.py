"""The objects beside the releases: policies that select what runs, and how pods are replaced."""

from __future__ import annotations

import json

import pytest

from live.lab_cluster import INPUTS

NAMESPACE = INPUTS["falco_ebpf_namespace"]


@pytest.fixture(scope="module")
def objects(kubectl):
    def read(kind):
        return json.loads(kubectl("get", kind, "--namespace", NAMESPACE, "-o", "json"))["items"]

    return read


def selected(selector, pods):
    labels = selector["matchLabels"].items()
    return {
        pod["metadata"]["labels"]["app.kubernetes.io/name"]
        for pod in pods
        if labels <= pod["metadata"]["labels"].items()
    }


def test_only_falco_reaches_the_receiver_and_only_prometheus_the_metrics(objects):
    pods = objects("pods")
    policies = {policy["metadata"]["name"]: policy["spec"] for policy in objects("networkpolicies")}
    receiver, falco = policies["falco-falcosidekick"], policies["falco"]
    assert selected(receiver["podSelector"], pods) == {"falcosidekick"}
    assert selected(falco["podSelector"], pods) == {"falco"}
    events, metrics = receiver["ingress"]
    assert [port["port"] for port in events["ports"]] == [2801]
    assert selected(events["from"][0]["podSelector"], pods) == {"falco"}
    readers = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    assert metrics["from"] == [readers] and [port["port"] for port in metrics["ports"]] == [2810]
    (scrape,) = falco["ingress"]
    assert scrape["from"] == [readers] and [port["port"] for port in scrape["ports"]] == [8765]


def test_pods_are_replaced_without_a_gap(objects):
    (falco,) = [item for item in objects("daemonsets") if item["metadata"]["name"] == "falco"]
    assert falco["spec"]["updateStrategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert falco["spec"]["minReadySeconds"] == 10
    (receiver,) = (one for one in objects("deployments") if one["metadata"]["name"] == "falco-falcosidekick")
    assert receiver["spec"]["template"]["spec"]["containers"][0]["lifecycle"] == {"preStop": {"sleep": {"seconds": 15}}}


def test_falco_covers_every_node_and_is_the_last_to_go(objects):
    (falco,) = [item for item in objects("daemonsets") if item["metadata"]["name"] == "falco"]
    pod = falco["spec"]["template"]["spec"]
    assert {"operator": "Exists"} in pod["tolerations"]
    assert pod["priorityClassName"] == "system-node-critical"


def test_a_changed_input_takes_its_objects_away(role, objects):
    code, text = role(falco_ebpf_network_policy=False)
    assert code == 0, text[-2000:]
    assert objects("networkpolicies") == []
    code, text = role()
    assert code == 0, text[-2000:]
    assert len(objects("networkpolicies")) == 3


# In CI tests/live/pipeline/test_secrets.py.
@pytest.mark.rare
def test_secrets_of_outputs_reach_the_receiver_and_nothing_else(role, kubectl, objects):
    outputs = {"webhook": {"address": "http://127.0.0.1:1/", "customheaders": "X-Token:planted-word"}}
    code, text = role("main", "--diff", "-vvv", falco_ebpf_outputs=outputs)
    assert code == 0, text[-2000:]
    assert "planted-word" not in text.replace(json.dumps(outputs), "")
    assert "WEBHOOK_CUSTOMHEADERS" in kubectl(
        "get", "secret", "--namespace", NAMESPACE, "falco-receiver-outputs", "-o", "json"
    )
    assert "planted-word" not in json.dumps(objects("pods"))
    code, text = role()
    assert code == 0, text[-2000:]
    assert "falco-receiver-outputs" not in kubectl("get", "secrets", "--namespace", NAMESPACE)


def test_check_mode_tells_the_truth_and_changes_nothing(role, objects):
    before = [item["metadata"]["resourceVersion"] for kind in ("daemonsets", "secrets") for item in objects(kind)]
    code, text = role("main", "--check", "--diff")
    assert code == 0 and "changed=0" in text, text[-2000:]
    code, text = role("main", "--check", "--diff", falco_ebpf_certificate_days=200)
    assert code == 0 and "changed=0" not in text, text[-2000:]
    assert "PRIVATE KEY" not in text
    assert before == [
        item["metadata"]["resourceVersion"] for kind in ("daemonsets", "secrets") for item in objects(kind)
    ]
