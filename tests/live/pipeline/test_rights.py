"""What the pods of a pipeline that runs may do, and who can reach them from outside."""

from __future__ import annotations

import json

import pytest

from live.lab_cluster import CONTEXT, kubectl, run, staying_pods

NAMESPACES = ("monitoring", "falco")
# They find what they read by the API server.
ASK = {"prometheus", "promtail", "alloy", "opentelemetry-collector", "certificate-renewal"}


def read(kind):
    return [
        item
        for namespace in NAMESPACES
        for item in json.loads(kubectl("get", kind, "--namespace", namespace, "--output", "json"))["items"]
    ]


@pytest.fixture(scope="module")
def pods():
    found = [pod for namespace in NAMESPACES for pod in staying_pods(namespace)]
    assert len(found) >= 6
    return {pod["metadata"]["labels"]["app.kubernetes.io/name"]: pod for pod in found}


def test_only_who_asks_the_api_server_has_a_token(pods):
    with_token = {
        name
        for name, pod in pods.items()
        for volume in pod["spec"].get("volumes", [])
        for source in volume.get("projected", {}).get("sources", [])
        if "serviceAccountToken" in source
    }
    assert with_token == set(pods) & ASK
    assert [name for name, pod in pods.items() if pod["spec"]["serviceAccountName"] == "default"] == []


def test_no_pod_listens_on_its_node(pods):
    for name, pod in pods.items():
        assert not pod["spec"].get("hostNetwork"), name
        ports = [port for container in pod["spec"]["containers"] for port in container.get("ports", [])]
        assert [port for port in ports if "hostPort" in port] == [], name


def test_grafana_alone_has_a_port_on_the_nodes():
    ports = {
        item["metadata"]["name"]: [port["nodePort"] for port in item["spec"]["ports"] if "nodePort" in port]
        for item in read("services")
    }
    assert {name: found for name, found in ports.items() if found} == {"grafana": [30300]}


def test_this_machine_listens_on_loopback_only():
    published = run(["docker", "port", CONTEXT]).splitlines()
    assert published
    assert [line for line in published if not line.partition(" -> ")[2].startswith("127.0.0.1:")] == []
