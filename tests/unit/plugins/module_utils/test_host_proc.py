# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the machine's /proc is on a node, asked by Python and by a pod's shell, and what Falco is given."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import node_pods
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.ebpf import (
    host_proc,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.ebpf.node import INITIAL_PID_NAMESPACE
from host_proc_views import BARE, MOUNTED, OWN, PLAIN, SEALED, view

PROC, CGROUP = "proc /proc proc rw 0 0\n", "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n"


class Machine:
    """A made-up root folder with one or more /proc."""

    def __init__(self, top: Path) -> None:
        self.top = top

    def write(self, path: str, text: str) -> None:
        (self.top / path).parent.mkdir(parents=True, exist_ok=True)
        (self.top / path).write_text(text, encoding="utf-8")

    def proc(
        self, path: str, link: str | None, root: str | None, mounts: str = PROC + CGROUP, kernel: bool = False
    ) -> None:
        """root: the folder that process 1 has as its root; None: it cannot be read."""
        for process in ("1", "2") if kernel else ("1",):
            self.write(f"{path}/{process}/mounts", mounts)
            (self.top / path / process / "ns").mkdir(exist_ok=True)
            if link and (process == "2" or root):
                os.symlink(link, self.top / path / process / "ns/pid")
        if root is not None:
            os.symlink(self.top / root, self.top / path / "1/root")
        if kernel:
            self.write(f"{path}/2/comm", "kthreadd\n")
            self.write(f"{path}/2/cmdline", "")
            os.symlink(self.top / "machine", self.top / path / "2/root")
        self.write("machine/sys/fs/cgroup/cgroup.controllers", "cpu memory\n")

    def asked_by_shell(self) -> list[dict] | None:
        """What the pod's script finds, with its folders laid elsewhere."""
        answer = self.top / "answer"
        script = node_pods.SCRIPT.replace("/host/proc", str(self.top / "proc")).replace(
            "/dev/termination-log", str(answer)
        )
        subprocess.run(["sh", "-c", script], check=True)
        return node_pods.read_answer(answer.read_text(encoding="utf-8"))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def plain(machine: Machine) -> None:
    machine.proc("proc", INITIAL_PID_NAMESPACE, "machine", kernel=True)


def sealed(machine: Machine) -> None:
    machine.proc("proc", INITIAL_PID_NAMESPACE, None, kernel=True)


def container(machine: Machine) -> None:
    machine.proc("proc", OWN, "node", "", kernel=False)
    machine.write("proc/1/mounts", PROC)


def mounted(machine: Machine, root: str | None = "machine") -> None:
    machine.proc("proc", OWN, "node")
    machine.write("proc/1/mounts", PROC + "proc /procHost proc ro 0 0\nproc /proc/sys proc ro 0 0\n")
    machine.proc("node/procHost", INITIAL_PID_NAMESPACE, root, kernel=True)


def mounted_sealed(machine: Machine) -> None:
    mounted(machine, None)


def hopeless(machine: Machine) -> None:
    """Neither process 1 nor a kernel thread lets anybody look at its root."""
    machine.proc("proc", INITIAL_PID_NAMESPACE, None, kernel=True)
    (machine.top / "proc/2/root").unlink()


@pytest.mark.parametrize(
    ("make", "pairs", "words"),
    [
        (plain, [("/proc", ""), ("/proc", "/proc/2")], "the machine's /proc is at /proc"),
        (sealed, [("/proc", "/proc/2")], "where 1/root cannot be read and 2/root (kthreadd) can"),
        (container, [], "a PID namespace of its own, and the machine's is not mounted"),
        (mounted, [("/procHost", ""), ("/procHost", "/procHost/2")], "of its own; the machine's /proc is at /procHost"),
        (
            mounted_sealed,
            [("/procHost", "/procHost/2")],
            "at /procHost, where 1/root cannot be read and 2/root (kthreadd) can",
        ),
        (hopeless, [], "cannot be read, nor 2/root"),
    ],
)
def test_python_and_shell_find_the_same(machine, make, pairs, words):
    make(machine)
    views = host_proc.observe(str(machine.top))
    assert host_proc.usable(views) == pairs
    assert words in host_proc.describe(views)
    assert machine.asked_by_shell() == views


def test_a_hierarchy_whose_controllers_cannot_be_read_is_of_no_use(machine):
    """Falco drops every process then, even where the root itself can be read."""
    plain(machine)
    (machine.top / "machine/sys/fs/cgroup/cgroup.controllers").unlink()
    assert host_proc.usable(host_proc.observe(str(machine.top))) == []
    # Without a unified hierarchy nothing has to be read there.
    machine.write("proc/1/mounts", PROC)
    views = host_proc.observe(str(machine.top))
    assert host_proc.usable(views) == [("/proc", "")]
    assert machine.asked_by_shell() == views


def test_no_proc_is_nothing_known(tmp_path):
    assert host_proc.observe(str(tmp_path)) == []
    assert host_proc.describe([]) == ""


@pytest.mark.parametrize(
    ("nodes", "proc", "init", "problems"),
    [
        ({}, "/proc", "", {}),
        ({"a": PLAIN, "b": PLAIN}, "/proc", "", {}),
        ({"a": MOUNTED}, "/procHost", "", {}),
        ({"a": SEALED}, "/procHost", "/procHost/2", {}),
        # What is right on both.
        ({"a": MOUNTED, "b": SEALED}, "/procHost", "/procHost/2", {}),
        ({"a": [view("/proc", init_root=False)]}, "/proc", "/proc/2", {}),
        ({"a": BARE, "b": PLAIN}, "/proc", "", {"a": "is not mounted"}),
        # A path that one node lacks would keep Falco from starting there.
        ({"a": MOUNTED, "b": PLAIN}, "/proc", "", {"a": "which other nodes do not have"}),
        ({"a": None, "b": MOUNTED}, "/proc", "", {"a": "could not be looked at", "b": "which other nodes do not have"}),
    ],
)
def test_falco_gets_what_every_node_has(nodes, proc, init, problems):
    chosen = host_proc.choose(nodes)
    assert chosen[:2] == (proc, init)
    assert {name: True for name, text in chosen[2] if problems[name] in text} == dict.fromkeys(problems, True)
    assert len(chosen[2]) == len(problems)
