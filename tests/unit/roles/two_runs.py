# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks that run at the same time, and the locks that they take."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from api_double import Cluster, Server
from plays import TOP

LOCK = "runtime_security.kubernetes.run_lock"
LEASE = ("coordination.k8s.io/v1", "default", "leases", "runtime-security")
NOTE = {"register": "lock"}


class Runs:
    """Starts playbooks and keeps what they print."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.home = folder / "home"
        self.count = 0
        self.started: list[subprocess.Popen] = []

    def start(self, *tasks: dict, options=(), hosts="localhost", **variables) -> subprocess.Popen:
        self.count += 1
        path = self.folder / f"play-{self.count}.yml"
        play = {"hosts": hosts, "connection": "local", "gather_facts": False, "tasks": list(tasks)}
        path.write_text(json.dumps([play]), encoding="utf-8")
        given = {"ansible_python_interpreter": sys.executable} | variables
        # A home of its own: locks of paths are there.
        surroundings = {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_CONFIG": str(TOP / "ansible.cfg"), "HOME": str(self.home)}
        done = subprocess.Popen(
            ["ansible-playbook", "-e", json.dumps(given), *options, str(path)],
            cwd=TOP,
            env=os.environ | surroundings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(done)
        return done

    def said(self, run: subprocess.Popen) -> str:
        """All of its output on one line; whoever holds it open longer than the run makes this fail."""
        out, _none = run.communicate(timeout=90)
        return " ".join(out.split())


def cluster_lock(server: Server, **options) -> dict:
    return {"name": "lock", LOCK: {"kubeconfig": server.kubeconfig()} | options} | NOTE


def command(*words: str) -> dict:
    return {"name": "command", "ansible.builtin.command": {"argv": list(words)}}


def gate(path: Path) -> dict:
    """A task that shows that it was reached, and ends when the test opens it."""
    script = f"touch {path}.reached; until test -e {path}; do sleep 0.05; done"
    return command("sh", "-c", script)


def reached(path: Path) -> None:
    wait_until(Path(f"{path}.reached").exists)


def wait_until(holds, seconds=60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def holder(server: Server) -> str:
    return server.cluster.objects[LEASE]["spec"]["holderIdentity"] if LEASE in server.cluster.objects else ""


def keeper_of(home: Path) -> int:
    (note,) = home.glob(".ansible/tmp/*/run-lock-*")
    return json.loads(note.read_text())["keeper"]


ENTRIES = [
    *[("metrics_stack", name) for name in ("apply", "ready", "rotate", "remove")],
    *[("loki_stack", name) for name in ("apply", "ready", "remove")],
    *[("falco_ebpf", name) for name in ("apply", "ready", "rotate", "remove")],
    *[("grafana_wiring", name) for name in ("apply", "ready", "remove")],
    *[("ebpf_readiness", name) for name in ("apply", "remove")],
    *[("pipeline_proof", name) for name in ("apply", "ready", "remove")],
]


@pytest.fixture(name="server")
def server_of_locks():
    found = Server(Cluster())
    yield found
    found.shutdown()
    found.server_close()


@pytest.fixture
def runs(tmp_path):
    found = Runs(tmp_path)
    yield found
    # Tasks outlive a run that was killed.
    for reached_gate in tmp_path.glob("*.reached"):
        reached_gate.with_suffix("").touch()
    for one in found.started:
        if one.poll() is None:
            one.kill()
            one.communicate()
