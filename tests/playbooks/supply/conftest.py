"""Two small images in a registry, rule sets in another, and the modules as a task runs them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from . import ca, images, rule_sets, servers

TOP = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    ca.make(folder)
    return folder


@pytest.fixture(scope="session")
def environment(certificates):
    """What a machine that knows the mirrors' CA runs with."""
    return os.environ | {
        "SSL_CERT_FILE": str(certificates / "ca.pem"),
        "ANSIBLE_CONFIG": str(TOP / "ansible.cfg"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_FORCE_COLOR": "0",
    }


@pytest.fixture(scope="session")
def filled(tmp_path_factory, certificates, environment):
    """The folder of a registry with images/one:1 and images/two:1, and the images' archives."""
    folder = tmp_path_factory.mktemp("registry")
    archives = images.make(tmp_path_factory.mktemp("images"), ("one", "two"))
    with servers.registry(folder, certificates) as address:
        for name, archive in archives.items():
            images.push(archive, f"{address}/images/{name}:1", environment)
    return folder, archives


@pytest.fixture
def registry(tmp_path, filled, certificates):
    """A registry with a copy of them: its address and its folder, in which a test may spoil what it likes."""
    folder = tmp_path / "registry"
    shutil.copytree(filled[0], folder)
    with servers.registry(folder, certificates) as address:
        yield address, folder


@pytest.fixture
def module(environment):
    """Runs a module of the collection; what it answers."""

    def run(name, /, check=False, **arguments):
        done = subprocess.run(
            [sys.executable, "-m", f"ansible_collections.runtime_security.kubernetes.plugins.modules.{name}"],
            input=json.dumps({"ANSIBLE_MODULE_ARGS": {**arguments, "_ansible_check_mode": check}}),
            env=environment | {"PYTHONPATH": str(TOP / ".ansible" / "collections")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture
def playbook(environment):
    """Calls ansible-playbook and returns what it printed, with its exit code."""

    def run(*arguments):
        return subprocess.run(
            ["ansible-playbook", *[str(argument) for argument in arguments]],
            cwd=TOP,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def sets(tmp_path, certificates, environment, module):
    folder = tmp_path / "registry"
    folder.mkdir()
    with servers.registry(folder, certificates) as address:
        yield rule_sets.Sets(address, folder, tmp_path, environment, module)
