# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of Falco's chart that give it another /proc than the node's."""

from __future__ import annotations

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


def host_root_values(values, proc, init):
    """The values, and what makes Falco take proc for /proc, with init over its process 1 unless that is empty.

    values are left as they are where proc is the node's own, or where they set HOST_ROOT themselves.

    >>> host_root_values({}, "/procHost", "")["extra"]["env"]
    [{'name': 'HOST_ROOT', 'value': '/hostroot'}]
    """
    environment = _list(values, "extra", "env")
    if (proc == "/proc" and not init) or any(
        entry.get("name") == "HOST_ROOT" for entry in environment if isinstance(entry, dict)
    ):
        return values
    folders = [("machine-proc", proc, "/proc", True)]
    if init:
        folders.append(("machine-init", init, "/proc/1", True))
    folders.append(("hostroot-etc", "/etc", "/etc", True))
    for number, socket in enumerate(_sockets(values)):
        folders.append(("hostroot-socket-%d" % number, socket, socket, False))
    extra = {**_section(values, "extra"), "env": [*environment, {"name": "HOST_ROOT", "value": HOST_ROOT}]}
    mounts = {
        **_section(values, "mounts"),
        "volumes": _list(values, "mounts", "volumes")
        + [{"name": name, "hostPath": {"path": path}} for name, path, _place, _read_only in folders],
        "volumeMounts": _list(values, "mounts", "volumeMounts")
        + [
            {"name": name, "mountPath": HOST_ROOT + place, **({"readOnly": True} if read_only else {})}
            for name, _path, place, read_only in folders
        ],
    }
    # No deep copy: of what Ansible has yet to template that would copy all variables of the run, for seconds.
    return {**values, "extra": extra, "mounts": mounts}


def _sockets(values):
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


def _section(values, name):
    section = values.get(name)
    return section if isinstance(section, dict) else {}


def _list(values, section, name):
    entries = _section(values, section).get(name)
    return list(entries) if isinstance(entries, list) else []
