#!/usr/bin/env python3
"""Run what needs no cluster under each supported ansible-core and Helm, and print a table.

matrix: run.py [CORE ...]    all by default
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import yaml

HERE = Path(__file__).parent
TOP = HERE.parents[1]
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "runtime-security"
COLLECTIONS = ("kubernetes.core", "community.grafana")
CHECKS = {
    "unit": ["pytest", "-q", "tests/unit/plugins", "tests/unit/test_roles.py"],
    "values": ["pytest", "-q", "tests/unit/charts"],
    "syntax": ["ansible-playbook", "--syntax-check", "site.yml", *sorted(map(str, (TOP / "playbooks").glob("*.yml")))],
    "options": ["python", "tools/matrix/options.py"],
    "refusals": ["pytest", "-q", "tests/playbooks/refusals"],
}


def answer(*command, **environment):
    """What a command prints; its last word when it makes a folder."""
    run = subprocess.run(command, cwd=TOP, env=os.environ | environment, check=True, stdout=subprocess.PIPE, text=True)
    return run.stdout.strip()


def interpreter(version):
    """A Python of a version: from the path, or one of pyenv's."""
    found = shutil.which(f"python{version}")
    if found and subprocess.run([found, "--version"], capture_output=True, check=False).returncode == 0:
        return found
    if shutil.which("pyenv"):
        for name in answer("pyenv", "versions", "--bare").split():
            if name.startswith(f"{version}."):
                return f"{answer('pyenv', 'root')}/versions/{name}/bin/python"
    return None


def collection(name, package):
    """The folder to look for a collection in, and its version."""
    root = CACHE / "collections" / f"{name}-{package}"
    inside = f"ansible_collections/{name.replace('.', '/')}/"
    if not root.is_dir():
        with tempfile.TemporaryDirectory() as work:
            # The wheel holds no program, so any Python may fetch it.
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--ignore-requires-python"]
            subprocess.run([*pip, "--dest", work, f"ansible=={package}"], check=True, stdout=sys.stderr)
            archive = zipfile.ZipFile(next(Path(work).glob("*.whl")))
            half = root.with_name(f"{root.name}.part")
            archive.extractall(half, [entry for entry in archive.namelist() if entry.startswith(inside)])
            half.rename(root)
    manifest = json.loads((root / inside / "MANIFEST.json").read_text(encoding="utf-8"))
    return root, manifest["collection_info"]["version"]


def check(label, command, environment):
    """Runs one check; what a failed one printed goes to standard error."""
    print(f"matrix: {label}", file=sys.stderr)
    run = subprocess.run(
        command, cwd=TOP, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if run.returncode:
        print(run.stdout[-4000:], file=sys.stderr)
    return "ok" if run.returncode == 0 else "FAILED"


def ansible_row(entry, bundle):
    python = interpreter(entry["python"])
    if not python:
        return [entry["core"], f"{entry['python']}: not here", *["-"] * (len(COLLECTIONS) + len(CHECKS))]
    folder = answer("tools/environment.sh", f"tools/matrix/ansible-{entry['core']}.txt", PYTHON=python)
    found = [collection(name, entry[name]) for name in COLLECTIONS]
    paths = ":".join(str(root) for root, _version in found)
    environment = os.environ | {
        "PATH": f"{folder}/bin:{os.environ['PATH']}",
        "PYTHONPATH": paths,
        "ANSIBLE_COLLECTIONS_PATH": f"{TOP}/.ansible/collections:{paths}",
        "RUNTIME_SECURITY_BUNDLE": bundle,
        "HELM": str(Path(bundle).parent / "bin/helm"),
    }
    results = [check(f"ansible-core {entry['core']}, {name}", CHECKS[name], environment) for name in CHECKS]
    return [entry["core"], entry["python"], *[version for _root, version in found], *results]


def helm_row(version, lab):
    """Charts with the roles' values; the lab's Helm comes from its bundle, others from their Go module."""
    program = Path(lab) / "bin/helm"
    if version not in answer(str(program), "version", "--short"):
        folder = CACHE / "programs" / f"helm-{version}"
        program = folder / "helm"
        if not program.exists():
            answer("go", "install", f"helm.sh/helm/v{version[0]}/cmd/helm@v{version}", GOBIN=str(folder))
    path = f"{answer('tools/environment.sh', 'requirements-dev.txt')}/bin:{os.environ['PATH']}"
    return [version, check(f"Helm {version}", CHECKS["values"], os.environ | {"PATH": path, "HELM": str(program)})]


def table(head, rows):
    widths = [max(len(str(row[index])) for row in (head, *rows)) for index in range(len(head))]
    lines = ["  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip() for row in (head, *rows)]
    print("\n".join(lines), end="\n\n")
    return [row for row in rows if "FAILED" in row]


def main(wanted):
    versions = yaml.safe_load((HERE / "versions.yml").read_text(encoding="utf-8"))
    bundle = answer("tools/lab.sh")
    rows = [ansible_row(entry, bundle) for entry in versions["ansible"] if not wanted or entry["core"] in wanted]
    failed = table(["ansible-core", "Python", *COLLECTIONS, *CHECKS], rows)
    if not wanted:
        failed += table(["Helm", "charts"], [helm_row(version, Path(bundle).parent) for version in versions["helm"]])
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
