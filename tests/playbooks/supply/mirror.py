#!/usr/bin/env python3
"""Mirrors of all that a bundle has: a registry, a chart repository and a download site.

mirror.py fill BUNDLE FOLDER     fills the folder, once
mirror.py run FOLDER COMMAND...  serves it while a command runs, which finds the mirrors' inputs in FOLDER/inputs.yml

On loopback; the registry at $MIRROR_ADDRESS, if there is one, the same for both.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parents[3]))
from tests.playbooks.supply import ca, images, rule_artifacts, servers

ADDRESS = os.environ.get("MIRROR_ADDRESS", servers.ADDRESS)
HELM_ARCHIVE = "helm-{version}-linux-amd64.tar.gz"
MINIKUBE_VERSION = "v1.38.1"
# The charts of a run with defaults, by the inputs that choose them.
CHARTS = {
    "metrics_stack_prometheus_chart": "prometheus",
    "metrics_stack_grafana_chart": "grafana",
    "loki_stack_chart": "loki",
    "loki_stack_agent_chart": "opentelemetry-collector",
    "falco_ebpf_chart": "falco",
}


def put(source: Path, target: Path, suffix: str = ".sha256") -> None:
    """A file of a download site, and its checksum beside it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)
    checksum = hashlib.sha256(target.read_bytes()).hexdigest()
    target.with_name(target.name + suffix).write_text(f"{checksum}  {target.name}\n", encoding="utf-8")


def fill_downloads(bundle: Path, folder: Path, kubernetes: str) -> str:
    put(bundle / "bin" / "minikube", folder / "minikube" / MINIKUBE_VERSION / "minikube-linux-amd64")
    for program in (bundle / "cache" / "linux" / "amd64" / kubernetes).iterdir():
        put(program, folder / "kubernetes" / kubernetes / "bin" / "linux" / "amd64" / program.name)
    helm = bundle / "bin" / "helm"
    version = subprocess.run(
        [helm, "version", "--template", "{{.Version}}"], check=True, capture_output=True, text=True
    )
    archive = folder / HELM_ARCHIVE.format(version=version.stdout)
    with tarfile.open(archive, "w:gz", compresslevel=1) as packed:
        packed.add(helm, "linux-amd64/helm")
    put(archive, folder / "helm" / archive.name, ".sha256sum")
    archive.unlink()
    return version.stdout


def fill_charts(bundle: Path, folder: Path) -> None:
    shutil.copytree(bundle / "charts", folder, dirs_exist_ok=True)
    subprocess.run([bundle / "bin" / "helm", "repo", "index", folder], check=True)


def newest(folder: Path, chart: str) -> str:
    """The highest version of a chart, of which there may be several lines."""
    index = yaml.safe_load((folder / "index.yaml").read_text(encoding="utf-8"))
    return max(
        (entry["version"] for entry in index["entries"][chart]),
        key=lambda text: [int(part) for part in text.split("-")[0].split(".")],
    )


def fill_images(bundle: Path, address: str, environment: dict[str, str]) -> list[str]:
    """Pushes each image to the path of its full name; the registries they are from."""
    registries = set()
    for archive in [bundle / "node.tar", *bundle.glob("images/*"), *bundle.glob("cache/images/**/*")]:
        if archive.is_dir():
            continue
        with tarfile.open(archive) as opened:
            manifest = json.load(opened.extractfile("manifest.json"))
        for entry in manifest:
            for name in entry["RepoTags"]:
                print("mirror:", name, flush=True)
                # kubeadm looks for CoreDNS right below a repository that is not its own.
                for path in {name, name.replace("/coredns/coredns:", "/coredns:")}:
                    images.push(archive, f"{address}/{path}", environment, name)
                registries.add(name.partition("/")[0])
    return sorted(registries)


def fill_rule_sets(address: str, environment: dict[str, str]) -> dict[str, str]:
    """Pushes a rule set of the test's own to the path of the Falco project's; the input that chooses it."""
    rule = {
        "rule": "Rule of the mirror",
        "desc": "A rule set reached Falco",
        "condition": "evt.type = execve and proc.name = rule-of-the-mirror",
        "output": "It ran",
        "priority": "NOTICE",
    }
    with tempfile.TemporaryDirectory() as folder:
        rule_artifacts.layout(Path(folder), rule_artifacts.tar({"rules.yaml": yaml.safe_dump([rule])}))
        name = "ghcr.io/falcosecurity/rules/falco-incubating-rules"
        rule_artifacts.push(Path(folder), f"{address}/{name}:1.0.0", environment)
    return {"falco_ebpf_incubating_rules": "1.0.0"}


def inputs(bundle: Path, charts: Path) -> dict[str, object]:
    """The bundle's own variables but for its files, and charts by name and version."""
    found = yaml.safe_load((bundle / "bundle.yml").read_text(encoding="utf-8"))
    kept = {name: value for name, value in found.items() if "runtime_security_bundle" not in f"{name} {value}"}
    for name, chart in CHARTS.items():
        kept |= {name: chart, f"{name}_version": newest(charts, chart)}
    return kept


def fill(bundle: Path, folder: Path) -> None:
    if (folder / "filled.yml").exists():
        return
    for name in ("registry", "charts", "downloads"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    ca.make(folder, tuple({servers.ADDRESS, ADDRESS}))
    fill_charts(bundle, folder / "charts")
    kept = inputs(bundle, folder / "charts")
    kept["bundle_helm_version"] = fill_downloads(bundle, folder / "downloads", kept["minikube_kubernetes_version"])
    kept["bundle_cluster_images"] = []
    # One port for all runs: it is part of the images' names.
    kept["registry_port"] = servers.free_port(ADDRESS)
    with servers.registry(folder / "registry", folder) as address:
        environment = os.environ | {"SSL_CERT_FILE": str(folder / "ca.pem")}
        kept["registries"] = [*fill_images(bundle, address, environment), "ghcr.io"]
        kept |= fill_rule_sets(address, environment)
    (folder / "filled.yml").write_text(yaml.safe_dump(kept), encoding="utf-8")


def run(folder: Path, command: list[str]) -> int:
    kept = yaml.safe_load((folder / "filled.yml").read_text(encoding="utf-8"))
    with (
        servers.registry(folder / "registry", folder, address=ADDRESS, port=kept.pop("registry_port")) as registry,
        servers.files(folder / "charts", folder) as charts,
        servers.files(folder / "downloads", folder) as downloads,
    ):
        kept["runtime_security_image_registries"] = {name: f"{registry}/{name}" for name in kept.pop("registries")}
        kept["runtime_security_chart_repository"] = charts
        kept["runtime_security_download_mirror"] = downloads
        (folder / "inputs.yml").write_text(yaml.safe_dump(kept), encoding="utf-8")
        return subprocess.run(
            command, env=os.environ | {"SSL_CERT_FILE": str(folder / "ca.pem")}, check=False
        ).returncode


if __name__ == "__main__":
    if sys.argv[1:2] == ["fill"]:
        fill(Path(sys.argv[2]), Path(sys.argv[3]))
    elif sys.argv[1:2] == ["run"]:
        sys.exit(run(Path(sys.argv[2]), sys.argv[3:]))
    else:
        sys.exit(__doc__)
