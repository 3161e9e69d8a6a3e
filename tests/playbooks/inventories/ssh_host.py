"""An SSH server on loopback, as a user without rights."""

from __future__ import annotations

import contextlib
import getpass
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

TOP = Path(__file__).parents[3]
# Every user may start it.
PYTHON = "/usr/bin/python3"
# With the number of the process that makes it: runs side by side, and those that were killed, have others.
USER = "rs-bastion-"


def copy_libraries(folder: Path) -> None:
    """Puts what the collection needs on a host into a folder that others can read, unlike an environment of this user."""
    command = [TOP / "tools" / "environment.sh", TOP / "requirements.txt"]
    made = subprocess.run(
        command, env=os.environ | {"PYTHON": PYTHON}, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    (libraries,) = Path(made.strip()).glob("lib/python3*/site-packages")
    shutil.copytree(libraries, folder, ignore=shutil.ignore_patterns("__pycache__"))


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


def serve(folder: Path):
    """Variables of a host that an SSH server on loopback leads to, as a user who is not root, with a Python of his own."""
    home = folder / "home"
    home.mkdir()
    copy_libraries(folder / "libraries")
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={folder}/libraries exec {PYTHON} "$@"\n', encoding="utf-8")
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
