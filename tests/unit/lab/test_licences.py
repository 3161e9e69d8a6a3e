"""lab/README.md names each program that the lab runs, with the version that is built and its licence."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[3]
sys.path.insert(0, str(TOP / "lab"))
import parts
import versions

# What is put together from programs that have a line of their own.
ASSEMBLED = {"charts", "node-image", "control-plane-images", "stack-images", "bundle"}
MODULES = {
    "cert-manager",
    "local-path-provisioner",
    "network-policies",
    "prometheus",
    "prometheus-operator",
    "versitygw",
}


def table() -> list[list[str]]:
    text = (TOP / "lab" / "README.md").read_text(encoding="utf-8").split("## Programs and their licences")[1]
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line] for line in lines[2:]]


def named(row: list[str]) -> set[str]:
    return set(re.findall(r"[a-z][a-z-]*", row[0]))


@pytest.mark.parametrize("part", sorted({part.name for part in parts.all_parts()} - ASSEMBLED))
def test_every_part_has_a_line_with_a_licence(part):
    rows = [row for row in table() if part in named(row)]
    assert len(rows) == 1, f"lab/README.md has {len(rows)} lines for {part}"
    assert rows[0][3]


@pytest.mark.parametrize(
    ("program", "version"),
    [
        ("kubernetes", versions.KUBERNETES),
        ("minikube", versions.MINIKUBE),
        ("crictl", versions.CRI_TOOLS),
        ("etcd", f"v{versions.ETCD.split('-')[0]}"),
        ("coredns", versions.COREDNS),
        ("loki", f"v{versions.LOKI}"),
        ("grafana", versions.GRAFANA),
        ("prometheus", versions.PROMETHEUS),
        ("prometheus-operator", versions.PROMETHEUS_OPERATOR),
        ("busybox", versions.BUSYBOX),
    ],
)
def test_the_version_is_the_one_that_is_built(program, version):
    row = next(row for row in table() if program in named(row))
    assert version in row[1].replace(",", "").split()


@pytest.mark.parametrize("program", sorted(MODULES))
def test_the_version_is_the_one_of_the_module(program):
    row = next(row for row in table() if program in named(row))
    module = re.search(r"`(.+)`", row[2]).group(1)
    pins = (TOP / "lab" / "go" / program / "go.mod").read_text(encoding="utf-8")
    assert f"{module} {row[1].split(',')[0]}" in pins
