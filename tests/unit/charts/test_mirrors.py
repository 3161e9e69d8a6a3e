# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""With mirrors not one image comes from where it came before; without, nothing differs.

On the lab's charts, and on the real ones where $REAL_CHARTS and $REAL_FALCO_CHARTS name folders with them, each with the charts
it needs below its own folder charts.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.filter.mirrored_image import mirrored_image
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.images import is_test
from chart_templates import ROOT, lab_falco_charts, release_values, render, templated_by

LAB = ROOT / "lab" / "charts"
REAL = Path(os.environ["REAL_CHARTS"]) if "REAL_CHARTS" in os.environ else None
REAL_FALCO = Path(os.environ["REAL_FALCO_CHARTS"]) if "REAL_FALCO_CHARTS" in os.environ else None

REGISTRIES = ["docker.io", "quay.io", "registry.k8s.io", "ghcr.io", "falco.docker.scarf.sh", "runtime-security.invalid"]
MIRRORS = {registry: f"mirror.invalid:5000/{registry}" for registry in REGISTRIES}
# A name below one of them, but not one below a mirror.
ELSEWHERE = re.compile(rf"(?<![\w./-])({'|'.join(map(re.escape, REGISTRIES))})/[a-z]")

LEARNT = {"falco_ebpf": {"__falco_ebpf_chosen": "modern_ebpf"}}
S3 = {"loki_stack_s3_bucket": "chunks", "loki_stack_s3_endpoint": "http://s3.example.org:9000"}
ON = {"enabled": True}
# What the roles install, by the inputs that decide about it; those with `real` in their names are not in the lab's charts.
CASES = {
    "prometheus and grafana": ("metrics_stack", {}),
    "operator": ("metrics_stack", {"metrics_stack_prometheus_mode": "operator"}),
    "real grafana with sidecars": ("metrics_stack", {"metrics_stack_grafana_sidecars": True}),
    "loki and promtail": ("loki_stack", {"loki_stack_agent": "promtail"}),
    "loki and the collector": ("loki_stack", {"loki_stack_events": True, "loki_stack_node_logs": True}),
    "real loki and alloy": ("loki_stack", {"loki_stack_agent": "alloy"}),
    "classic loki": ("loki_stack", {"loki_stack_variant": "classic", "loki_stack_audit_log": "k3s"}),
    "loki and the audit log's file": ("loki_stack", {"loki_stack_audit_log": "kubeadm"}),
    "real simple scalable loki": ("loki_stack", {"loki_stack_mode": "simple_scalable", **S3}),
    "real distributed loki": ("loki_stack", {"loki_stack_mode": "distributed", **S3}),
    "falco": ("falco_ebpf", {}),
    "classic falco": ("falco_ebpf", {"falco_ebpf_variant": "classic"}),
    "real falco with a module": ("falco_ebpf", {"__falco_ebpf_chosen": "kmod"}),
    "real classic falco with the legacy driver": (
        "falco_ebpf",
        {"falco_ebpf_variant": "classic", "__falco_ebpf_chosen": "ebpf"},
    ),
    # What a values input can switch on.
    "real prometheus with all": (
        "metrics_stack",
        {
            "metrics_stack_prometheus_values": {
                "alertmanager": {**ON, "configmapReload": ON},
                "kube-state-metrics": {**ON, "kubeRBACProxy": ON},
                "prometheus-node-exporter": {**ON, "kubeRBACProxy": ON},
                "prometheus-pushgateway": ON,
                "configmapReload": {"prometheus": ON},
            },
            "metrics_stack_grafana_values": {
                "imageRenderer": ON,
                "initChownData": ON,
                "dashboards": {"default": {"one": {"url": "https://dashboards.example.org/one.json"}}},
            },
        },
    ),
    "real operator with all": (
        "metrics_stack",
        {
            "metrics_stack_prometheus_mode": "operator",
            "metrics_stack_operator_values": {
                "alertmanager": ON,
                "kubeStateMetrics": ON,
                "nodeExporter": ON,
                "thanosRuler": {**ON, "thanosRulerSpec": {"queryEndpoints": ["http://query.example.org"]}},
                "prometheusOperator": {"admissionWebhooks": {**ON, "deployment": ON, "patch": ON}},
                "crds": {"upgradeJob": ON},
            },
        },
    ),
    "real loki with all": (
        "loki_stack",
        {
            "loki_stack_agent": "alloy",
            "loki_stack_agent_values": {"configReloader": ON},
            "loki_stack_values": {
                "gateway": {**ON, "metrics": ON},
                "lokiCanary": ON,
                "chunksCache": {**ON, "replicas": 1},
                "resultsCache": {**ON, "replicas": 1},
                "sidecar": {"rules": ON},
                "singleBinary": {"statefulSetRecreateJob": ON},
            },
        },
    ),
    "real promtail with all": (
        "loki_stack",
        {"loki_stack_agent": "promtail", "loki_stack_agent_values": {"sidecar": {"configReloader": ON}}},
    ),
    "real falco with all": (
        "falco_ebpf",
        {
            "falco_ebpf_values": {
                "falcosidekick": {"webui": ON},
                "falcoctl": {"artifact": {"install": ON, "follow": ON}},
                "collectors": {"kubernetes": ON},
                "responseActions": ON,
            }
        },
    ),
    # What an input names itself goes to the mirror, too.
    "falco of the inputs": (
        "falco_ebpf",
        {
            "falco_ebpf_image": {"registry": "runtime-security.invalid", "repository": "lab/sensor", "tag": "1"},
            "falco_ebpf_receiver_image": {"registry": "quay.io", "repository": "own/receiver", "tag": "2"},
        },
    ),
}


def folder_of(role: str, case: str, inputs: dict, real: bool) -> Path | None:
    if role != "falco_ebpf":
        return REAL if real else LAB
    variant = inputs.get("falco_ebpf_variant", "current")
    return (REAL_FALCO / variant if REAL_FALCO else None) if real else LAB


RUNS = [
    pytest.param(role, inputs, folder, id=f"{'real' if real else 'lab'}-{case}")
    for case, (role, inputs) in CASES.items()
    for real in ([True] if case.startswith("real ") else [False, True])
    if (folder := folder_of(role, case, inputs, real))
]


@pytest.fixture
def objects(tmp_path):
    """All objects of a role's releases."""

    def _objects(role, inputs, charts, registries):
        given = LEARNT.get(role, {}) | inputs | {f"{role}_image_registries": registries}
        if charts == LAB and role == "falco_ebpf":
            charts = lab_falco_charts(tmp_path / "charts", inputs.get("falco_ebpf_variant", "current"))
        return [
            item
            for release in templated_by(role, f"__{role}_releases", given)
            for item in render(tmp_path, charts / release["chart"], release["name"], release["values"]).values()
            if not is_test(item)
        ]

    return _objects


def strings(node):
    if isinstance(node, dict):
        for value in node.values():
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)
    elif isinstance(node, str):
        yield node


def images(node):
    """Images of containers, and of the operator's own kinds, which have them in their specification."""
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "image" and isinstance(value, str))
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from images(child)


@pytest.mark.parametrize(("role", "inputs", "charts"), RUNS)
def test_every_image_comes_from_its_mirror(objects, role, inputs, charts):
    plain, mirrored = (objects(role, inputs, charts, registries) for registries in ({}, MIRRORS))
    found = sorted(set(images(mirrored)))
    assert found
    assert [image for image in found if not image.startswith("mirror.invalid:5000/")] == []
    # Also where a program gets an image, as the operator is. A ConfigMap may name what is none: falcoctl's rules and plugins.
    told = [text for item in mirrored if item["kind"] != "ConfigMap" for text in strings(item)]
    assert [text for text in told if ELSEWHERE.search(text)] == []
    # The same images, by the same tags and digests.
    assert [image.removeprefix("mirror.invalid:5000/") for image in found] == sorted(
        set(map(mirrored_image, images(plain)))
    )


@pytest.mark.parametrize(("role", "inputs", "charts"), RUNS)
def test_without_mirrors_the_values_name_no_image(role, inputs, charts):
    """What is not set stays the chart's own, whichever version of it is installed."""
    for values in release_values(role, LEARNT.get(role, {}) | inputs).values():
        given = {text for text in strings(values) if ELSEWHERE.search(text) or text in REGISTRIES}
        assert given <= set(strings(inputs))


# Files with the pods that the roles start themselves.
PODS = {"pipeline_proof": "tasks/prove.yml", "ebpf_readiness": "tasks/ready.yml"}


@pytest.mark.parametrize("role", PODS)
def test_the_pods_of_the_roles_themselves(role):
    def image(registries):
        inputs = {f"{role}_image": "python:3.13-slim", "runtime_security_image_registries": registries}
        return templated_by(role, f"__{role}_image", inputs)

    assert image({}) == "python:3.13-slim"
    assert image(MIRRORS) == f"{MIRRORS['docker.io']}/library/python:3.13-slim"
    assert f"{{{{ __{role}_image" in (ROOT / "roles" / role / PODS[role]).read_text(encoding="utf-8")


@pytest.mark.parametrize("role", ["metrics_stack", "loki_stack", "falco_ebpf"])
def test_the_variables_of_the_collection_reach_every_chart(role):
    inputs = {"runtime_security_chart_repository": "oci://mirror.invalid/charts", **LEARNT.get(role, {})}
    for extra in ({}, {"metrics_stack_prometheus_mode": "operator"}, {f"{role}_variant": "classic"}):
        releases = templated_by(role, f"__{role}_releases", inputs | extra)
        assert {release["repository"] for release in releases} == {"oci://mirror.invalid/charts"}
    given = templated_by(role, f"{role}_image_registries", {"runtime_security_image_registries": MIRRORS})
    assert given == MIRRORS
