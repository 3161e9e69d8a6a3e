# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders charts with the very values the roles pass to Helm."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
KUBERNETES = "1.34.4"


def helm() -> str:
    cached = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "runtime-security-lab/bin/helm"
    program = os.environ.get("HELM") or shutil.which("helm") or (str(cached) if cached.exists() else None)
    assert program, "Helm is missing: put it in PATH, name it in $HELM, or build the lab's (lab/build.py)"
    return program


def release_values(folder: Path, role: str, **inputs: object) -> dict[str, dict]:
    """The values a role passes for each of its releases, computed by Ansible from the role's own files."""
    source = ROOT / "roles" / role
    playbook = [
        {
            "hosts": "localhost",
            "gather_facts": False,
            "vars_files": [f"{source}/defaults/main.yml", *sorted(str(file) for file in (source / "vars/main").iterdir())],
            "tasks": [
                {
                    "name": "Write the releases",
                    "ansible.builtin.copy": {
                        "content": f"{{{{ __{role}_releases | to_json }}}}",
                        "dest": f"{folder}/releases.json",
                        "mode": "0600",
                    },
                }
            ],
        }
    ]
    # The role's variables look their templates up beside the play.
    if (source / "templates").exists() and not (folder / "templates").exists():
        (folder / "templates").symlink_to(source / "templates")
    (folder / "play.yml").write_text(json.dumps(playbook), encoding="utf-8")
    variables = json.dumps(inputs | {f"__{role}_admin_version": "1", "ansible_python_interpreter": sys.executable})
    command = ["ansible-playbook", "-i", "localhost,", "-c", "local", "-e", variables, folder / "play.yml"]
    run = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return {r["name"]: r["values"] for r in json.loads((folder / "releases.json").read_text(encoding="utf-8"))}


def render(folder: Path, chart: Path, release: str, values: dict) -> dict[tuple[str, str], dict]:
    """The objects of a chart, by kind and name."""
    (folder / f"{release}.json").write_text(json.dumps(values), encoding="utf-8")
    command = [helm(), "template", release, chart, "--namespace", "monitoring", "--kube-version", KUBERNETES]
    run = subprocess.run(
        [*command, "--values", folder / f"{release}.json"], check=False, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    return {(o["kind"], o["metadata"]["name"]): o for o in yaml.safe_load_all(run.stdout) if o}


@pytest.fixture
def rendered(tmp_path: Path):
    """Render the charts of a role's releases: from a folder of charts, with the role's inputs."""

    def _rendered(charts: Path, role: str, **inputs: object) -> dict[str, dict[tuple[str, str], dict]]:
        values = release_values(tmp_path, role, **inputs)
        return {release: render(tmp_path, charts / release, release, values[release]) for release in values}

    return _rendered
