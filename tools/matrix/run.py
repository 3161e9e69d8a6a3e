#!/usr/bin/env python3
"""Run what needs no cluster under each supported ansible-core and Helm, and print a table.

run.py [--check NAME] [CORE ...]    all checks of all versions by default
"""

from __future__ import annotations

import argparse
import functools
import json
import os
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
    "values": ["python", "tools/matrix/values.py", "compare"],
    "charts": ["pytest", "-q", "tests/unit/charts"],
    "syntax": ["ansible-playbook", "--syntax-check", "site.yml", *sorted(map(str, (TOP / "playbooks").glob("*.yml")))],
    "refusals": ["pytest", "-q", "tests/playbooks/refusals"],
}
# With each Helm: a release is installed and upgraded on a real API server of the lab.
HELM_CHECKS = {"charts": CHECKS["charts"], "releases": ["pytest", "-q", "tests/live/helm"]}


def answer(*command, **environment):
    """What a command prints; its last word when it makes a folder."""
    run = subprocess.run(command, cwd=TOP, env=os.environ | environment, check=True, stdout=subprocess.PIPE, text=True)
    return run.stdout.strip()


def interpreter(versions):
    """The first Python of these versions that starts, and its version; two empty strings if there is none."""
    run = subprocess.run([TOP / "tools/python.sh", *versions], stdout=subprocess.PIPE, text=True, check=False)
    found = run.stdout.strip()
    return found, answer(found, "-c", "import sys; print('%d.%d' % sys.version_info[:2])") if found else ""


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


@functools.cache
def reference():
    """The file with the values that the environment of the tests computes."""
    file = tempfile.NamedTemporaryFile(prefix="values-", suffix=".json")  # noqa: SIM115
    print("matrix: values to compare with", file=sys.stderr)
    answer(sys.executable, "tools/matrix/values.py", "write", file.name)
    return file


def check(label, command, environment):
    """Runs one check; what a failed one printed goes to standard error."""
    print(f"matrix: {label}", file=sys.stderr)
    run = subprocess.run(
        command, cwd=TOP, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if run.returncode:
        print(run.stdout[-4000:], file=sys.stderr)
    return "ok" if run.returncode == 0 else "FAILED"


def checks(entry, wanted, environment):
    """The result of each check, one run of it for each way of templating."""
    for name in wanted:
        command = [*CHECKS[name], reference().name] if name == "values" else CHECKS[name]
        ways = entry.get("jinja2_native", [False]) if name == "values" else [False]
        results = [
            check(
                f"ansible-core {entry['core']}, {name}{', jinja2_native' if native else ''}",
                command,
                environment | ({"ANSIBLE_JINJA2_NATIVE": "true"} if native else {}),
            )
            for native in ways
        ]
        yield "FAILED" if "FAILED" in results else "ok"


def ansible_row(entry, wanted, bundle, required):
    """The results under one ansible-core; without its Python failures, where it is required."""
    python, version = interpreter(entry["python"])
    if not python:
        print(
            f"matrix: Python {' or '.join(entry['python'])} is missing for ansible-core {entry['core']}",
            file=sys.stderr,
        )
        return [entry["core"], "missing", *["-"] * len(COLLECTIONS), *["FAILED" if required else "-"] * len(wanted)]
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
    versions = [version for _root, version in found]
    return [entry["core"], version, *versions, *checks(entry, wanted, environment)]


def helm_row(version, lab):
    """The results with one Helm; the lab's comes from its bundle, others from their Go module."""
    program = Path(lab) / "bin/helm"
    if version not in answer(str(program), "version", "--short"):
        module = f"helm.sh/helm/v{version[0]}"
        # Otherwise it knows the minor version only.
        named = ["-ldflags", f"-X {module}/internal/version.version=v{version}"]
        folder = CACHE / "programs" / f"helm-{version}-named"
        program = folder / "helm"
        if not program.exists():
            answer("go", "install", *named, f"{module}/cmd/helm@v{version}", GOBIN=str(folder))
    path = f"{answer('tools/environment.sh', 'requirements-dev.txt')}/bin:{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "HELM": str(program)}
    return [version, *(check(f"Helm {version}, {name}", HELM_CHECKS[name], environment) for name in HELM_CHECKS)]


def table(head, rows):
    widths = [max(len(str(row[index])) for row in (head, *rows)) for index in range(len(head))]
    lines = ["  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip() for row in (head, *rows)]
    print("\n".join(lines), end="\n\n")
    return [row for row in rows if "FAILED" in row]


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--check", choices=CHECKS, action="append")
    options.add_argument("core", nargs="*")
    given = options.parse_args()
    wanted = given.check or list(CHECKS)
    versions = yaml.safe_load((HERE / "versions.yml").read_text(encoding="utf-8"))
    # Values need no program.
    bundle = "" if wanted == ["values"] else answer("tools/lab.sh")
    entries = [entry for entry in versions["ansible"] if not given.core or entry["core"] in given.core]
    rows = [ansible_row(entry, wanted, bundle, bool(given.core)) for entry in entries]
    failed = table(["ansible-core", "Python", *COLLECTIONS, *wanted], rows)
    if not given.core and not given.check:
        failed += table(
            ["Helm", *HELM_CHECKS], [helm_row(version, Path(bundle).parent) for version in versions["helm"]]
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
