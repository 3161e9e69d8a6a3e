"""The bundle: everything a run needs, the variables that point the roles at it, and the checksums of all of it."""

from __future__ import annotations

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from string import Template

import versions
from engine import Context, Part, files_below
from image_parts import archive_name
from images import OPERATOR, STACK

TEMPLATE = Path(__file__).parent / "bundle.yml.in"
KUBERNETES_PROGRAMS = ("kubeadm", "kubelet", "kubectl")
# The roles take the charts by file name; lab/charts/*/Chart.yaml say the same versions.
CHARTS = (
    *("prometheus", "grafana", "kube-prometheus-stack", "loki", "loki-stack"),
    *("promtail", "opentelemetry-collector", "falco-exporter"),
)


def link_tree(source: Path, target: Path) -> None:
    """Hard links: the bundle costs no space and no time."""
    for file in files_below([source]):
        if file.name.startswith(".fingerprint"):
            continue
        place = target / file.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.link(file, place)


def link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    os.link(source, target)


def write_checksums(folder: Path) -> None:
    """SHA256SUMS in the form `sha256sum --check` reads."""
    files = [file for file in files_below([folder]) if not file.name.startswith(".")]

    def line(file: Path) -> str:
        with file.open("rb") as content:
            return f"{hashlib.file_digest(content, 'sha256').hexdigest()}  {file.relative_to(folder)}\n"

    with ThreadPoolExecutor() as pool:
        lines = list(pool.map(line, files))
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def variables(folder: Path, charts: Path) -> str:
    values = {
        "bundle": str(folder),
        "kubernetes": versions.KUBERNETES,
        "node_image": versions.NODE_IMAGE,
        "loki": versions.LOKI,
        "otelcol": versions.OTELCOL,
        "prometheus": versions.PROMETHEUS,
        "grafana": versions.GRAFANA,
        "busybox": versions.BUSYBOX,
        "python_image": versions.PYTHON_IMAGE,
        "falco": versions.FALCO,
        "classic_falco": versions.CLASSIC_FALCO,
    }
    images = {
        "sensor": versions.SENSOR_IMAGE,
        "receiver": versions.RECEIVER_IMAGE,
        "exporter": versions.EXPORTER_IMAGE,
    }
    for role, image in images.items():
        values |= {f"{role}_{key}": value for key, value in zip(("registry", "repository", "tag"), image)}
    operator = [archive_name(image.name) for image in OPERATOR]
    others = [archive_name(image.name) for image in STACK if image not in OPERATOR]
    values |= {"operator_archives": json.dumps(operator), "archives": json.dumps(others)}
    for chart in CHARTS:
        (archive,) = charts.glob(f"{chart}-[0-9]*.tgz")
        values[f"{chart.replace('-', '_')}_chart"] = archive.name
    for archive in charts.glob("falco-[0-9]*.tgz"):
        classic = archive.name.startswith(f"falco-{versions.CLASSIC_FALCO_CHART}")
        values["classic_falco_chart" if classic else "falco_chart"] = archive.name
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(values)


def bundle() -> Part:
    def make(context: Context) -> None:
        needed, output = context.needed, context.output
        for program, part in (("minikube", "minikube"), ("helm", "helm"), ("kubectl", "kubernetes")):
            link(needed[part] / program, output / "bin" / program)
        for program in KUBERNETES_PROGRAMS:
            link(needed["kubernetes"] / program, output / "cache" / "linux" / "amd64" / versions.KUBERNETES / program)
        link_tree(needed["control-plane-images"], output / "cache" / "images" / "amd64")
        link(needed["node-image"] / "node.tar", output / "node.tar")
        link_tree(needed["stack-images"], output / "images")
        link_tree(needed["charts"], output / "charts")
        (output / "bundle.yml").write_text(variables(output, needed["charts"]), encoding="utf-8")
        write_checksums(output)

    needs = ["charts", "control-plane-images", "helm", "kubernetes", "minikube", "node-image", "stack-images"]
    return Part("bundle", make, inputs=[Path(__file__), TEMPLATE], facts=[versions.KUBERNETES], needs=needs)
