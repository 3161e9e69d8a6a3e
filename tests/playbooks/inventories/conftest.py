"""Playbooks with the inventories of users, on doubles of the API server; and a bastion host: an SSH server on loopback."""

from __future__ import annotations

import contextlib
import getpass
import importlib.metadata
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import yaml

TOP = Path(__file__).parents[3]
sys.path.insert(0, str(TOP / "tests" / "unit" / "roles"))

from api_double import Cluster, Server
from objects_double import made, mark, release
from plays import HELM

OURS = {"app.kubernetes.io/managed-by": "runtime_security.kubernetes"}
# What the collection's modules need on a host, and nothing of Ansible.
LIBRARIES = ["kubernetes", "jsonpatch", "cryptography", "PyYAML", "requests", "requests-oauthlib"]
# With the number of the process that makes it: runs side by side, and those that were killed, have others.
USER = "rs-bastion-"


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


def link_libraries(folder: Path) -> None:
    """Puts the libraries, and what they need, into a folder that others can read, unlike this environment."""
    rest, seen = list(LIBRARIES), set()
    while rest:
        name = re.match(r"[\w.-]+", rest.pop())[0]
        if name.lower() in seen:
            continue
        seen.add(name.lower())
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found = importlib.metadata.distribution(name)
            rest += [need for need in found.requires or [] if "extra ==" not in need]
            for file in found.files:
                if ".." not in file.parts and "__pycache__" not in file.parts:
                    (folder / file).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(file.locate(), folder / file)


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return opened.getsockname()[1]


def remove_left_users() -> None:
    """Removes the users of runs that were killed."""
    for entry in pwd.getpwall():
        _prefix, mark, process = entry.pw_name.partition(USER)
        if mark and process.isdigit() and not Path("/proc", process).exists():
            subprocess.run(["userdel", "--force", entry.pw_name], check=True)


@contextlib.contextmanager
def ordinary_user(home: Path):
    """The name of a user without rights: this one, or, as root, one that is there for the time of the tests."""
    if os.geteuid() != 0:
        yield getpass.getuser()
        return
    remove_left_users()
    name = f"{USER}{os.getpid()}"
    subprocess.run(["useradd", "--home-dir", home, "--no-create-home", "--shell", "/bin/sh", name], check=True)
    try:
        # Neither locked, as a new one is, nor with a password.
        subprocess.run(["usermod", "--password", "*", name], check=True)
        yield name
    finally:
        # Also when a process of it is there still, which has ended its work.
        subprocess.run(["userdel", "--force", name], check=True)


@pytest.fixture(scope="session")
def ssh_server():
    with open_to_all() as folder:
        yield from serve(folder)


def serve(folder: Path):
    """Variables of a host that an SSH server on loopback leads to, as a user who is not root, with a Python of his own."""
    home = folder / "home"
    home.mkdir()
    link_libraries(folder / "libraries")
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={folder}/libraries exec /usr/bin/python3 "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / f"{name}_key"], check=True)
    port = free_port()
    (folder / "sshd_config").write_text(
        f"""ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
StrictModes no
UsePAM no
PasswordAuthentication no
PidFile none
Subsystem sftp internal-sftp
""",
        encoding="utf-8",
    )
    if os.geteuid() == 0:
        # Where the Debian package's service makes it.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with ordinary_user(home) as user:
        if os.geteuid() == 0:
            entry = pwd.getpwnam(user)
            os.chown(home, entry.pw_uid, entry.pw_gid)
        command = ["/usr/sbin/sshd", "-D", "-E", folder / "log", "-f", folder / "sshd_config"]
        # It ends with this process, also when that is killed.
        with subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *command]) as server:
            wait_for(port, server)
            yield {
                "ansible_host": "127.0.0.1",
                "ansible_port": port,
                "ansible_user": user,
                "ansible_ssh_private_key_file": str(folder / "user_key"),
                "ansible_ssh_common_args": f"-o StrictHostKeyChecking=no -o UserKnownHostsFile={folder}/known -o IdentitiesOnly=yes",
                # Of a socket, which has to be short.
                "ansible_control_path_dir": str(folder / "cp"),
                "ansible_python_interpreter": str(python),
                "home": str(home),
            }
            end_sessions(server.pid)
            server.terminate()


def end_sessions(server: int) -> None:
    """Ends the connections that Ansible keeps: their processes are of the user, who can go only without them."""
    parents = {}
    for process in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            stat = Path("/proc", process, "stat").read_text(encoding="utf-8")
            parents[int(process)] = int(stat.rpartition(")")[2].split()[1])
    below = {process for process, parent in parents.items() if parent == server}
    below |= {process for process, parent in parents.items() if parent in below}
    for process in below:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGTERM)
    end = time.monotonic() + 10
    while any(Path("/proc", str(process)).exists() for process in below) and time.monotonic() < end:
        time.sleep(0.1)


def wait_for(port: int, server: subprocess.Popen) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if server.poll() is not None:
            pytest.fail(f"no SSH server: {server.args}")
        time.sleep(0.1)
    pytest.fail("the SSH server does not answer")


def as_json(**variables: object) -> list[str]:
    return ["-e", json.dumps(variables)]
