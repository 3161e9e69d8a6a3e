# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import machine_kernel
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.machine_kernel import Kernel

HERE = Kernel("6.1.0", "b00t", 2**34, "here")
DOCKER = {
    "KernelVersion": "6.1.0",
    "MemTotal": 2**34,
    "Name": "here",
    "OperatingSystem": "Debian GNU/Linux 12 (bookworm)",
}
PODMAN = {"host": {"kernel": "6.1.0", "memTotal": 2**34, "hostname": "here", "serviceIsRemote": False}}


def node(boot_id="b00t", kernel="6.1.0"):
    return {"metadata": {"name": "n"}, "status": {"nodeInfo": {"bootID": boot_id, "kernelVersion": kernel}}}


@pytest.fixture
def engine(tmp_path):
    """A program of this name that prints an answer to the question for its machine."""

    def make(name, printed):
        (tmp_path / "printed").write_text(
            printed if isinstance(printed, str) else json.dumps(printed), encoding="utf-8"
        )
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\ncat {tmp_path}/printed\n", encoding="utf-8")
        program.chmod(0o755)
        return str(program)

    return make


def test_nodes_that_were_started_with_this_machine_have_its_kernel():
    assert machine_kernel.compare_nodes(HERE, [node(), node()]).same


@pytest.mark.parametrize(
    "nodes", [[], [node(), node(boot_id="other")], [node(kernel="6.6.0-linuxkit")], [{}], [node(boot_id=None)]]
)
def test_other_nodes_have_another_kernel(nodes):
    verdict = machine_kernel.compare_nodes(HERE, nodes)
    assert not verdict.same and verdict.reason


@pytest.mark.parametrize(("name", "info"), [("docker", DOCKER), ("podman", PODMAN)])
def test_an_engine_on_this_machine_is_known_before_there_is_a_node(engine, name, info):
    assert machine_kernel.ask_engine(HERE, engine(name, info)).same


@pytest.mark.parametrize(
    ("name", "info"),
    [
        ("docker", DOCKER | {"KernelVersion": "6.6.0-linuxkit", "Name": "docker-desktop"}),
        ("docker", DOCKER | {"OperatingSystem": "Docker Desktop"}),
        ("docker", DOCKER | {"MemTotal": 2**33}),
        ("docker", DOCKER | {"Name": "builder"}),
        ("podman", {"host": PODMAN["host"] | {"serviceIsRemote": True}}),
        ("podman", {"host": PODMAN["host"] | {"hostname": "localhost.localdomain"}}),
        ("docker", ""),
        ("docker", "null"),
        ("docker", "[]"),
        ("docker", "<html>"),
        ("docker", {}),
        ("podman", {"host": None}),
    ],
)
def test_another_machines_engine_or_one_that_does_not_tell_has_another_kernel(engine, name, info):
    verdict = machine_kernel.ask_engine(HERE, engine(name, info))
    assert not verdict.same and verdict.asked == "engine" and verdict.reason
    assert verdict.certain is (isinstance(info, dict) and all(info.values()) and info != {})


def test_a_mac_has_no_kernel_of_a_node(monkeypatch):
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Darwin", "mac", "24.1.0", "Darwin Kernel", "arm64")))
    assert machine_kernel.this_machine() is None
    assert not machine_kernel.compare_nodes(None, [node()]).same
    assert not machine_kernel.ask_engine(None, "docker").same


def test_this_machine_is_read_as_the_kernel_shows_it(tmp_path):
    (tmp_path / "boot").write_text("b00t\n", encoding="ascii")
    (tmp_path / "memory").write_text("MemFree: 1 kB\nMemTotal:       16 kB\n", encoding="ascii")
    found = machine_kernel.this_machine(tmp_path / "boot", tmp_path / "memory")
    assert (found.boot_id, found.memory, found.release) == ("b00t", 16384, os.uname().release)
    assert machine_kernel.this_machine(tmp_path / "none", tmp_path / "memory") is None
