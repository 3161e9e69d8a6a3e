"""Markers by folder, and playbooks as a user runs them. RUNTIME_SECURITY_BUNDLE names the lab's bundle; tools/lab.sh makes it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TOP = HERE.parent
# What a test needs, by its folder: nothing, a double or a local server, Ansible, a cluster, root on this host.
MARKERS = ("unit", "contract", "playbooks", "live", "host")


def _marker(path: Path) -> str:
    return path.relative_to(HERE).parts[0]


def pytest_ignore_collect(collection_path, config):
    """With -m NAME only that folder is imported: what the others need may be missing."""
    wanted = config.getoption("markexpr")
    if wanted in MARKERS and HERE in collection_path.parents and _marker(collection_path) in {*MARKERS} - {wanted}:
        return True
    return None


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents and _marker(item.path) in MARKERS:
            item.add_marker(_marker(item.path))


@pytest.fixture(scope="session")
def bundle():
    """Folder of the lab's bundle."""
    return Path(os.environ["RUNTIME_SECURITY_BUNDLE"]).parent


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
