"""Runs the role falco_ebpf on the cluster that a molecule scenario made."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
INPUTS = json.loads(os.environ["PIPELINE_INPUTS"])
BUNDLE = Path(os.environ["RUNTIME_SECURITY_BUNDLE"]).parent
KUBECTL = [
    str(BUNDLE / "bin" / "kubectl"),
    *("--kubeconfig", INPUTS["runtime_security_kubeconfig"], "--context", INPUTS["minikube_profile"]),
]


@pytest.fixture(scope="session")
def kubectl():
    """Calls kubectl and returns its standard output."""

    def call(*words, **options):
        return subprocess.run([*KUBECTL, *words], check=True, capture_output=True, text=True, **options).stdout

    return call


@pytest.fixture(scope="session")
def role():
    """Runs an entry of the role; returns its exit code and its output on one line."""

    def run(entry="main", *options, **inputs):
        context = {"runtime_security_context": INPUTS["minikube_profile"], "entry": entry}
        command = ["ansible-playbook", "tests/falco/play.yml", "-e", f"@{BUNDLE}/bundle.yml", *options]
        command += ["-e", json.dumps(INPUTS | context | inputs)]
        done = subprocess.run(
            command,
            cwd=TOP,
            env=os.environ
            | {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0", "ANSIBLE_CONFIG": str(TOP / "ansible.cfg")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, " ".join(done.stdout.replace("''", "'").split())

    return run
