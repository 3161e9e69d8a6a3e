"""Runs the playbooks as a user does. What is needed of the lab is its bundle; tools/molecule.sh says where it is."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def bundle():
    """Folder of the lab's bundle."""
    return Path(os.environ["RUNTIME_SECURITY_BUNDLE"]).parent


@pytest.fixture
def arguments(bundle, tmp_path):
    """What leads ansible-playbook to the pipeline that molecule made; the proof goes where nobody looks for it."""
    inputs = json.loads(os.environ["PIPELINE_INPUTS"]) | {"pipeline_proof_path": f"{tmp_path}/proof.json"}
    return ["-e", f"@{bundle}/bundle.yml", "-e", json.dumps(inputs)]


@pytest.fixture
def playbook(bundle):
    """Calls ansible-playbook and returns what it printed, with its exit code; the bundle's kubectl is in its PATH."""

    def run(*arguments, **environment):
        return subprocess.run(
            ["ansible-playbook", *[str(argument) for argument in arguments]],
            cwd=TOP,
            env=os.environ
            | {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0", "ANSIBLE_CONFIG": str(TOP / "ansible.cfg")}
            | {"PATH": f"{bundle / 'bin'}:{os.environ['PATH']}"}
            | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    return run


def one_line(text):
    """Without the line breaks that the output adds."""
    return " ".join(text.replace("''", "'").split())
