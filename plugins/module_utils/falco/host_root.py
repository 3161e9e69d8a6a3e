# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of Falco's chart that give it another /proc than the node's. Private to the collection."""

from __future__ import annotations

import typing as t

# Below it lies what Falco reads of the node: /proc, /etc, and the sockets of container engines. The chart's own is /host, whose /proc no
# value can change; of two entries of the environment with the same name the later one holds.
HOST_ROOT = "/hostroot"
# The sockets in the values of charts falco 8.0.5 and 9.1.0.
SOCKETS = {
    "docker": ["/var/run/docker.sock"],
    "podman": ["/run/podman/podman.sock"],
    "containerd": ["/run/host-containerd/containerd.sock"],
    "cri": [
        "/run/containerd/containerd.sock",
        "/run/crio/crio.sock",
        "/run/k3s/containerd/containerd.sock",
        "/run/host-containerd/containerd.sock",
    ],
}


def host_root_values(values: dict, proc: str, init: str) -> dict:
    """What to add to values (of lists, at their end) so that Falco takes proc for /proc, with init over its process 1 unless that is "".

    Nothing where proc is the node's own, or where values set HOST_ROOT themselves.

    >>> host_root_values({}, "/procHost", "")["extra"]["env"]
    [{'name': 'HOST_ROOT', 'value': '/hostroot'}]
    """
    environment = [entry for entry in _list(values, "extra", "env") if isinstance(entry, dict)]
    if (proc == "/proc" and not init) or any(entry.get("name") == "HOST_ROOT" for entry in environment):
        return {}
    folders = [("machine-proc", proc, "/proc", True)]
    if init:
        folders.append(("machine-init", init, "/proc/1", True))
    folders.append(("hostroot-etc", "/etc", "/etc", True))
    for number, socket in enumerate(_sockets(values)):
        folders.append((f"hostroot-socket-{number}", socket, socket, False))
    mounts = {
        "volumes": [{"name": name, "hostPath": {"path": path}} for name, path, _place, _read_only in folders],
        "volumeMounts": [
            {"name": name, "mountPath": HOST_ROOT + place, **({"readOnly": True} if read_only else {})}
            for name, _path, place, read_only in folders
        ],
    }
    return {"extra": {"env": [{"name": "HOST_ROOT", "value": HOST_ROOT}]}, "mounts": mounts}


def _sockets(values: dict) -> list[str]:
    """Paths of the sockets that the chart mounts below /host, each once."""
    collectors = _section(values, "collectors")
    containers = _section(collectors, "containerEngine")
    if not collectors.get("enabled", True) or not containers.get("enabled", True):
        return []
    engines, found = _section(containers, "engines"), []
    for name, sockets in SOCKETS.items():
        engine = _section(engines, name)
        if engine.get("enabled", True):
            found += [socket for socket in engine.get("sockets") or sockets if socket not in found]
    return found


def _section(values: dict, name: str) -> dict:
    section = values.get(name)
    return section if isinstance(section, dict) else {}


def _list(values: dict, section: str, name: str) -> list[t.Any]:
    entries = _section(values, section).get(name)
    return list(entries) if isinstance(entries, list) else []
