# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders charts with the very values the roles pass to Helm."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
from pathlib import Path

import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.older_templating import typed_value
from trusted import load

ROOT = Path(__file__).parents[3]
KUBERNETES = "1.35.1"
# The one in C takes a tenth of the time, where PyYAML has it.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def helm() -> str:
    cached = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "runtime-security/lab/parts/helm/helm"
    program = os.environ.get("HELM") or shutil.which("helm") or (str(cached) if cached.exists() else None)
    assert program, "Helm is missing: put it in PATH, name it in $HELM, or build the lab's (lab/build.py)"
    return program


@functools.cache
def variables_of(role: str) -> dict:
    """A role's variables, not templated. Reading them takes as long as templating."""
    source, loader = ROOT / "roles" / role, DataLoader()
    variables = {"ansible_search_path": [str(source)]}
    files = [
        source / "defaults/main.yml",
        *sorted(source.glob("defaults/main/*.yml")),
        source / "vars/main.yml",
        *sorted(source.glob("vars/main/*.yml")),
    ]
    for file in filter(Path.is_file, files):
        variables = load(loader, file) | variables
    return variables


def templated_by(role: str, variable: str, inputs: dict) -> object:
    """A variable of a role, computed by Ansible's templating from the role's own files."""
    variables = variables_of(role) | inputs
    return typed_value(variables[variable], Templar(DataLoader(), variables=variables), variables)


def release_values(role: str, inputs: dict) -> dict[str, dict]:
    """The values a role passes for each of its releases."""
    return {release["name"]: release["values"] for release in templated_by(role, f"__{role}_releases", inputs)}


def render(folder: Path, chart: Path, release: str, values: dict) -> dict[tuple[str, str], dict]:
    """The objects of a chart, by kind and name."""
    file = folder / f"{release}.json"
    file.write_text(json.dumps(values), encoding="utf-8")
    command = [helm(), "template", release, chart, "--namespace", "monitoring", "--kube-version", KUBERNETES]
    run = subprocess.run([*command, "--values", file], check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    found = [o for o in yaml.load_all(run.stdout, LOADER) if o]
    listed = [item for o in found for item in (o["items"] if o["kind"] == "List" else [o])]
    return {(o["kind"], o["metadata"]["name"]): o for o in listed}


def lab_falco_charts(folder: Path, variant: str) -> Path:
    """The lab's charts of a variant of Falco, as lab/package_parts.py packs them."""
    shutil.copytree(ROOT / "lab" / "charts", folder, dirs_exist_ok=True)
    if variant == "classic":
        chart = folder / "falco" / "Chart.yaml"
        chart.write_text(chart.read_text(encoding="utf-8").replace("version: 9.2.0", "version: 8.0.5"))
    return folder
