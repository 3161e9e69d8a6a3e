"""Whether what a role takes leads to something, as far as no cluster is needed: its variables, its charts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import role_inputs
import yaml

from .values import PRODUCT

CHARTS = role_inputs.ROOT / "lab" / "charts"
# What the role learns at run time, and what has it use charts that are here.
BASE = {
    "falco_ebpf": {"__falco_ebpf_chosen": "modern_ebpf"},
    "loki_stack": {"loki_stack_agent": "promtail"},
    "metrics_stack": {"__metrics_stack_admin": {"version": "1"}},
}
# Where the inputs of a role lead to.
OUTCOMES = {
    "ebpf_readiness": ["__ebpf_readiness_image", "__ebpf_readiness_security", "__ebpf_readiness_annotations"],
    "falco_ebpf": [
        "__falco_ebpf_releases",
        "__falco_ebpf_objects",
        "__falco_ebpf_amendments",
        "__falco_ebpf_ca",
        "__falco_ebpf_receiver_certificates",
        "__falco_ebpf_outputs_objects",
        "__falco_ebpf_rules_values",
    ],
    "grafana_wiring": ["__grafana_wiring_data_sources", "__grafana_wiring_inputs", "__grafana_wiring_alerts_rules"],
    "loki_stack": ["__loki_stack_releases", "__loki_stack_workloads", "__loki_stack_s3_secret", "__loki_stack_volume"],
    "metrics_stack": ["__metrics_stack_releases", "__metrics_stack_workloads", "__metrics_stack_grafana_public_url"],
    "minikube": [
        "__minikube_program",
        "__minikube_files",
        "__minikube_extra_config",
        "__minikube_base_image",
        "__minikube_mirror_options",
    ],
    "pipeline_proof": ["__pipeline_proof_image"],
}
ROLE_OF = {
    "falco": "falco_ebpf",
    "grafana": "metrics_stack",
    "loki": "loki_stack",
    "prometheus": "metrics_stack",
    "promtail": "loki_stack",
}
# Made only by some inputs.
MORE_OBJECTS = {
    ("Ingress", "grafana"),
    ("NetworkPolicy", "falco"),
    ("PersistentVolumeClaim", "prometheus-server"),
    ("ServiceMonitor", "falco"),
}


def outcomes(role, name, value):
    """What an input leads to, by variable."""
    inputs = BASE.get(role, {}) | {name: value}
    return {
        outcome: role_inputs.computed(role, outcome, inputs)
        for outcome in OUTCOMES[role]
        if outcome in role_inputs.reached(role, name)
    }


def fault(case, plain=None, with_charts=False):
    """What is wrong with what a taken case leads to, or ''; plain is the same value in its plain type."""
    try:
        found = outcomes(case.role, case.name, case.value)
        text = json.dumps(found, sort_keys=True, allow_nan=False)
    except Exception as exc:
        return f"is taken, but {type(exc).__name__}: {str(exc)[:300]}"
    if PRODUCT in text:
        return "a template in the value was computed"
    if plain is not None and text != json.dumps(outcomes(case.role, case.name, plain), sort_keys=True):
        return f"is taken, but is not the same as {plain!r}"
    if not with_charts:
        return ""
    namespace = str(case.value) if case.name == f"{case.role}_namespace" else "monitoring"
    releases = found.get(f"__{case.role}_releases", [])
    return next(filter(None, (chart_fault(release, namespace) for release in releases)), "")


def chart_fault(release, namespace):
    chart = chart_of(release["name"])
    if chart is None or Path(release["chart"]).name != Path(chart).name:
        return ""
    done = rendered(release["name"], chart, release["values"], namespace)
    # The lab's charts refuse what the lab has no image of.
    if "the lab has no" in done.stderr:
        return ""
    if done.returncode:
        return f"is taken, but Helm says of {release['name']}: {done.stderr[:300]}"
    more = objects(done.stdout) - expected(release["name"], namespace) - MORE_OBJECTS
    return f"is taken, and makes {sorted(more)} of {release['name']}" if more else ""


def chart_of(release):
    chart = CHARTS / release
    return str(chart) if chart.is_dir() else None


def rendered(release, chart, values, namespace):
    helm = os.environ.get("HELM") or shutil.which("helm")
    return subprocess.run(
        [helm, "template", release, chart, "--namespace", namespace, "--kube-version", "1.35.1", "--values", "-"],
        input=json.dumps(values, ensure_ascii=False),
        check=False,
        capture_output=True,
        text=True,
    )


def objects(text):
    return {(found["kind"], found["metadata"]["name"]) for found in yaml.safe_load_all(text) if found}


@cache
def expected(release, namespace):
    """The objects of a release by default. Those outside namespaces carry the namespace's name."""
    role = ROLE_OF[release]
    releases = role_inputs.computed(role, f"__{role}_releases", BASE[role] | {f"{role}_namespace": namespace})
    values = next(found["values"] for found in releases if found["name"] == release)
    return objects(rendered(release, chart_of(release), values, namespace).stdout)
