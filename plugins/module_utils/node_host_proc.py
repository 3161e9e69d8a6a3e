# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of node_host_proc. Private to the collection."""

from __future__ import annotations

import copy
import time

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import connection, node_pods
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.ebpf import host_proc
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco.host_root import host_root_values
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

WARNING = (
    "Node {node}: Falco will not know the processes that ran before it ({problem}). Expected is the /proc of the kernel's root PID "
    "namespace. Fix: {remedy}"
)
ARGUMENTS = {
    **copy.deepcopy(connection.ARGUMENTS),
    "namespace": {"type": "str", "required": True},
    "config_map": {"type": "str", "default": "node-host-proc"},
    "image": {"type": "str", "required": True},
    "labels": {"type": "dict", "default": {}},
    "timeout": {"type": "int", "default": 60},
    # They may be secrets; of them only paths of sockets are returned.
    "values": {"type": "dict", "default": {}, "no_log": True},
}
CLEAN_RESULT = True


def look(cluster: node_pods.Cluster, params: dict, check_mode: bool) -> dict:
    """Ask the nodes that are not known yet, and decide."""
    nodes = cluster.nodes()
    kept = node_pods.known(cluster.read(), nodes)
    # One that is not ready starts no pod; it is a problem like one that does not answer.
    ask = sorted(name for name, node in nodes.items() if name not in kept and node_pods.ready(node))
    found, changed = dict(kept), bool(ask)
    if ask and not check_mode:
        answers = node_pods.ask(
            cluster, ask, params["image"], params["labels"], params["timeout"], time.monotonic, time.sleep
        )
        found.update(answers)
        changed = any(answers.values())
        if changed:
            cluster.write(node_pods.record(found, nodes))
    views = {name: found.get(name) for name in nodes}
    # What is not known in check mode is no problem yet.
    answered = {name: views[name] for name in nodes if not check_mode or name in found}
    proc, init, problems = host_proc.choose(answered)
    return {
        "changed": changed,
        "proc": proc,
        "init": init,
        "chart_values": host_root_values(params["values"], proc, init),
        "problems": [{"node": name, "problem": text} for name, text in problems],
        "remedy": host_proc.REMEDY if problems else "",
        "nodes": views,
        "asked": ask,
    }


def run(params: dict, mode: Mode) -> dict:
    """Ask the nodes that are not known yet, and decide what Falco is given for /proc."""
    try:
        with connection.connected_client(params) as client:
            cluster = node_pods.Cluster(client, params["namespace"], params["config_map"], params["labels"])
            result = look(cluster, params, mode.check)
    except connection.Unreachable:
        raise
    except (WorkError, OSError) as error:
        raise WorkError(f"The nodes of the cluster cannot be asked where the machine's /proc is: {error}") from error
    warnings = [WARNING.format(**found, remedy=result["remedy"]) for found in result["problems"]]
    return {**result, "warnings": warnings}


def masked(params: dict) -> dict:
    """The parameters without values and credentials."""
    return {name: value for name, value in params.items() if not ARGUMENTS[name].get("no_log")}


def announce(params: dict) -> dict:
    """Nodes that are yet to come are asked; how many is not known."""
    return {
        "changed": True,
        "proc": "/proc",
        "init": "",
        "values": {},
        "problems": [],
        "remedy": "",
        "nodes": {},
        "asked": [],
    }
