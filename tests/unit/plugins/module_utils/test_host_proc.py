# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the machine's /proc is on a node, asked by Python and by a pod's shell, and what Falco is given."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import node_host_proc, node_pods
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.ebpf import (
    host_proc,
    process_table,
    requirements,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.ebpf.node import INITIAL_PID_NAMESPACE, Node

OWN = "pid:[4026532999]"
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


def view(path, namespace="root", init_root=True, stand_in=True):
    return {"path": path, "namespace": namespace, "init_root": init_root, "stand_in": stand_in}


OWN_VIEW = view("/proc", "own", True, False)
PLAIN = [view("/proc")]
MOUNTED = [OWN_VIEW, view("/procHost")]
SEALED = [OWN_VIEW, view("/procHost", init_root=False)]
BARE = [OWN_VIEW]


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


class Cluster:
    """Nodes, a ConfigMap, and pods that answer at once."""

    namespace, ready = "falco", "True"

    def __init__(self, answers: dict[str, str | None]) -> None:
        self.answers, self.data, self.started, self.alive = answers, {}, [], {}

    def nodes(self):
        return {
            name: {
                "metadata": {"name": name, "uid": f"uid-{name}"},
                "status": {"nodeInfo": {"bootID": "1"}, "conditions": [{"type": "Ready", "status": self.ready}]},
            }
            for name in self.answers
        }

    def read(self):
        return self.data

    def write(self, data):
        self.data = data

    def start(self, definition):
        name = definition["spec"]["nodeName"]
        self.started.append(name)
        self.alive[name] = self.answers[name]
        return f"pod-{name}"

    def pods(self):
        return [
            {
                "metadata": {"name": f"pod-{name}"},
                "status": {"containerStatuses": [{"state": {"terminated": {"message": text}} if text else {}}]},
            }
            for name, text in self.alive.items()
        ]

    def remove_pods(self):
        self.alive = {}


PARAMS = {"image": "busybox", "labels": {}, "timeout": 1, "values": {}}
ANSWER = f"/proc {OWN} no yes yes no\n/procHost none yes yes no yes\n"


def test_each_node_is_asked_once():
    cluster = Cluster({"a": ANSWER, "b": ANSWER})
    first = node_host_proc.look(cluster, PARAMS, False)
    assert (first["proc"], first["init"], first["changed"], first["problems"]) == ("/procHost", "/procHost/2", True, [])
    assert cluster.started == ["a", "b"]
    assert not cluster.alive
    second = node_host_proc.look(cluster, PARAMS, False)
    assert second == {**first, "changed": False, "asked": []}
    cluster.answers["c"] = ANSWER
    assert node_host_proc.look(cluster, PARAMS, False)["asked"] == ["c"]
    assert cluster.started == ["a", "b", "c"]


def test_check_mode_starts_nothing_and_says_what_it_would():
    cluster = Cluster({"a": ANSWER})
    found = node_host_proc.look(cluster, PARAMS, True)
    assert (found["changed"], found["asked"], found["problems"], cluster.started) == (True, ["a"], [], [])


def test_a_node_that_does_not_answer_is_a_problem_and_asked_again():
    cluster = Cluster({"a": None})
    found = node_host_proc.look(cluster, PARAMS, False)
    assert (found["proc"], found["changed"]) == ("/proc", False)
    assert found["problems"] == [{"node": "a", "problem": "it could not be looked at"}]
    assert "minikube" in found["remedy"]
    assert "kind" in found["remedy"]
    assert "k3d" in found["remedy"]
    cluster.answers["a"] = ANSWER
    assert node_host_proc.look(cluster, PARAMS, False)["asked"] == ["a"]


def test_a_node_that_is_not_ready_is_not_waited_for():
    cluster = Cluster({"a": ANSWER})
    cluster.ready = "Unknown"
    found = node_host_proc.look(cluster, PARAMS, False)
    assert (cluster.started, found["asked"], [each["node"] for each in found["problems"]]) == ([], [], ["a"])


@pytest.mark.parametrize("text", ["", "nonsense", "/proc none maybe yes yes no"])
def test_nonsense_is_no_answer(text):
    assert node_pods.read_answer(text) is None


def evaluated(views, link=OWN, version="0.44.1", driver="modern_ebpf"):
    record = {"proc_views": views, "pid_namespace": link}
    return process_table.evaluate(Node(record), driver, requirements.release_for(version))


@pytest.mark.parametrize(
    ("views", "status", "observed", "remedy"),
    [
        (PLAIN, "ok", "is at /proc; BPF iterators stay off", ""),
        (
            MOUNTED,
            "warn",
            "of its own; the machine's /proc is at /procHost",
            "Give Falco /procHost as the /proc below its HOST_ROOT; ",
        ),
        (SEALED, "warn", "1/root cannot be read", "with /procHost/2 mounted over 1 in it"),
        (BARE, "warn", "is not mounted", "k3d"),
        ([view("/proc", init_root=False, stand_in=False)], "warn", "nor 2/root", "CAP_SYS_PTRACE"),
        ([], "skipped", "not to be seen", ""),
    ],
)
def test_readiness_tells_what_falco_will_know(views, status, observed, remedy):
    check = evaluated(views)
    assert (check["name"], check["status"]) == ("process_table", status)
    assert observed in check["observed"]
    assert remedy in check["remedy"]
    assert bool(check["remedy"]) == bool(remedy)


def test_iterators_do_without_proc():
    sealed_proc = [view("/proc", init_root=False)]
    assert evaluated(sealed_proc, INITIAL_PID_NAMESPACE)["status"] == "ok"
    # They are the modern probe's, and new in 0.44.
    assert evaluated(sealed_proc, INITIAL_PID_NAMESPACE, "0.43.1")["status"] == "warn"
    assert evaluated(sealed_proc, INITIAL_PID_NAMESPACE, driver="kmod")["status"] == "warn"
