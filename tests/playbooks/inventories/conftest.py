"""Playbooks with the inventories of users, on doubles of the API server; and a bastion host: an SSH server on loopback."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import yaml

TOP = Path(__file__).parents[3]
sys.path.insert(0, str(TOP / "tests" / "unit" / "roles"))

from api_double import Cluster, Server
from objects_double import made, mark, release
from plays import HELM

from .ssh_host import serve

OURS = {"app.kubernetes.io/managed-by": "runtime_security.kubernetes"}


def installed() -> list[dict]:
    """A part of a pipeline."""
    return [made("Namespace", "shop"), made("Namespace", "monitoring", OURS), release("loki"), mark("loki")]


class Clusters:
    """API servers by a name, and a file with a kubeconfig for each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.servers: dict[str, Server] = {}

    def __getitem__(self, name: str) -> Cluster:
        return self.servers[name].cluster

    def add(self, name: str, *objects: dict) -> str:
        """Starts one; the path of its kubeconfig, with the context NAME and one that leads nowhere as the current."""
        self.servers[name] = server = Server(Cluster(*(objects or installed())))
        config = server.kubeconfig()
        nowhere = {"name": "nowhere", "cluster": {"server": "http://127.0.0.1:1"}}
        config["clusters"].append(nowhere)
        config["contexts"] = [
            {"name": name, "context": {"cluster": "double", "user": "double"}},
            {"name": "nowhere", "context": {"cluster": "nowhere", "user": "double"}},
        ]
        config["current-context"] = "nowhere"
        path = self.folder / f"kubeconfig-{name}"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        path.chmod(0o644)
        return str(path)

    def helm(self, name: str) -> str:
        """A Helm for one of them; for every user."""
        path = self.folder / f"helm-{name}"
        address = f"http://127.0.0.1:{self.servers[name].server_port}"
        text = HELM.replace(sys.executable, "/usr/bin/env python3").replace("ADDRESS", repr(address))
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
        return str(path)

    def stop(self) -> None:
        for server in self.servers.values():
            server.shutdown()
            server.server_close()


@contextlib.contextmanager
def open_to_all():
    """A folder that every user can look into, which pytest's are not."""
    with tempfile.TemporaryDirectory(prefix="inventories-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def open_folder():
    with open_to_all() as folder:
        yield folder


@pytest.fixture
def clusters(open_folder):
    found = Clusters(open_folder)
    yield found
    found.stop()


@pytest.fixture
def inventory(tmp_path):
    """Writes an inventory: hosts with their variables, and files of variables by their path; returns its folder."""

    def write(hosts: dict[str, dict], **files: object) -> Path:
        folder = tmp_path / "inventory"
        folder.mkdir()
        (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}), encoding="utf-8")
        for name, content in files.items():
            path = folder / name.replace("__", "/")
            path.parent.mkdir(exist_ok=True)
            text = content if isinstance(content, str) else yaml.safe_dump(content)
            path.with_suffix(".yml").write_text(text, encoding="utf-8")
        return folder

    return write


@pytest.fixture
def playbook(tmp_path):
    """Runs a playbook from a folder of its own, without the settings of this checkout; returns exit code and output."""

    def run(name: str | Path, *options: object, **environment: str) -> tuple[int, str]:
        home = tmp_path / "controller"
        home.mkdir(exist_ok=True)
        path = TOP / "playbooks" / f"{name}.yml" if isinstance(name, str) else name
        done = subprocess.run(
            [Path(sys.executable).parent / "ansible-playbook", path, *map(str, options)],
            cwd=home,
            env={
                "HOME": str(home),
                "PWD": str(home),
                "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
                "LANG": "C.UTF-8",
                "ANSIBLE_COLLECTIONS_PATH": str(TOP / ".ansible" / "collections"),
                "ANSIBLE_NOCOLOR": "1",
                "KUBECONFIG": "/nonexistent",
            }
            | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, " ".join((done.stdout + done.stderr).replace("''", "'").split())

    return run


@pytest.fixture(scope="session")
def ssh_server():
    with open_to_all() as folder:
        yield from serve(folder)


def as_json(**variables: object) -> list[str]:
    return ["-e", json.dumps(variables)]
