# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the kernel under a cluster's nodes is this machine's: an engine may run in a virtual machine, or elsewhere. Private to the collection.

The same kernel has the same boot id. A node's is in its C(status.nodeInfo.bootID). An engine does not tell one; before there
is a node, this machine is taken for the engine's where kernel, memory to the byte and host name are equal.
"""

from __future__ import annotations

import json
import os
from typing import NamedTuple

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import connection, minikube_commands
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError

_BOOT_ID = "/proc/sys/kernel/random/boot_id"
_MEMORY = "/proc/meminfo"


class Kernel(NamedTuple):
    """A kernel: its release, the id of this boot, the machine's memory in bytes and its host name."""

    release: str
    boot_id: str
    memory: int
    host: str


class Verdict(NamedTuple):
    """Whether it is the same kernel, who was asked (C(machine), C(nodes) or C(engine)), why, and whether that was clearly said."""

    same: bool
    asked: str
    reason: str
    certain: bool = True


def this_machine(boot_id=_BOOT_ID, memory=_MEMORY):
    """The Kernel of this machine, or None for a system that is not Linux or does not tell."""
    system = os.uname()
    if system.sysname != "Linux":
        return None
    try:
        with open(boot_id, encoding="ascii") as file:
            boot = file.read().strip()
        with open(memory, encoding="ascii") as file:
            size = next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemTotal:"))
    except (OSError, StopIteration, ValueError, IndexError):
        return None
    return Kernel(system.release, boot, size, system.nodename) if boot else None


def compare_nodes(kernel, nodes):
    """The Verdict from the cluster's nodes, as the API server returns them (a list of dictionaries)."""
    if kernel is None:
        return Verdict(False, "machine", "this machine is not Linux, or does not tell its boot id")
    if not nodes:
        return Verdict(False, "nodes", "the cluster has no nodes")
    for node in nodes:
        info = (node.get("status") or {}).get("nodeInfo") or {}
        if (info.get("bootID"), info.get("kernelVersion")) != (kernel.boot_id, kernel.release):
            return Verdict(
                False,
                "nodes",
                "node %s has kernel %s and boot id %s, this machine %s and %s"
                % (
                    (node.get("metadata") or {}).get("name"),
                    info.get("kernelVersion"),
                    info.get("bootID"),
                    kernel.release,
                    kernel.boot_id,
                ),
            )
    return Verdict(True, "nodes", "all nodes have this machine's boot id")


def ask_engine(kernel, program):
    """The Verdict from C(docker info) or C(podman info); what it does not say clearly is another machine's."""
    if kernel is None:
        return Verdict(False, "machine", "this machine is not Linux, or does not tell its boot id")
    answer = minikube_commands.run([program, "info", "--format", "json" if "podman" in program else "{{json .}}"], 60)
    try:
        info = json.loads(answer.stdout)
        if "podman" in program:
            host = info["host"]
            found = (host["kernel"], host["memTotal"], host["hostname"])
            remote = bool(host.get("serviceIsRemote"))
        else:
            found = (info["KernelVersion"], info["MemTotal"], info["Name"])
            remote = "desktop" in str(info.get("OperatingSystem")).lower()
    except (KeyError, TypeError, ValueError):
        return Verdict(False, "engine", "%s does not say where it runs: %s" % (program, answer.words()), certain=False)
    if remote or found != (kernel.release, kernel.memory, kernel.host):
        return Verdict(
            False,
            "engine",
            "%s runs on kernel %s with %s bytes of memory as %s, this machine on %s with %s as %s"
            % (program, *found, kernel.release, kernel.memory, kernel.host),
        )
    return Verdict(True, "engine", "%s has this machine's kernel, memory and host name" % program)


def nodes_of(params: dict) -> list | None:
    """The cluster's nodes, or None where no API server answers."""
    try:
        with connection.connected_client(params) as client:
            return client.get(client.resource("Node", "v1")).to_dict()["items"]
    except WorkError:
        return None


def decide(params: dict) -> Verdict:
    """Ask the nodes; where there are none, what a driver of minikube tells of those to come.

    params: those of the connection, and driver, minikube's.
    """
    kernel = this_machine()
    driver = params["driver"]
    nodes = nodes_of(params) if kernel else []
    if kernel is None or nodes is not None:
        return compare_nodes(kernel, nodes)
    if driver == "none":
        return Verdict(True, "machine", "with the driver none this machine is the node")
    if driver in ("docker", "podman"):
        return ask_engine(kernel, driver)
    return Verdict(False, "machine", "no API server answers, and nodes of this kind have kernels of their own")
