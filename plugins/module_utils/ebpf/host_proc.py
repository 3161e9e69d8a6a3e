# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which /proc Falco has to be given on a node, to know the processes that ran before it.

The kernel's events carry process numbers of its root PID namespace. Falco looks them up in HOST_ROOT/proc, and finds the cgroups of
each process through HOST_ROOT/proc/1/root (falcosecurity/libs@0.25.4: userspace/libscap/linux/scap_procs.c, scap_cgroup.c). A node that
is a container (minikube's docker and podman drivers, kind, k3d) has a PID namespace of its own, so its /proc has other numbers.

A view is what is known of one mounted /proc: {"path", "namespace": root, own or unknown, "init_root", "stand_in"}. init_root: process 1's
root can be read as Falco does. stand_in: that of kthreadd can, which is process 2 of every machine, lives as long as the machine, and
has the same root and mounts.
"""

import os

from .node import INITIAL_PID_NAMESPACE

STAND_IN = "2"
REMEDY = (
    "Mount the machine's /proc into the node, which is possible only when it is created. "
    "minikube: minikube_host_proc, the default, or minikube start --mount --mount-string=/proc:/procHost:ro. "
    "kind: extraMounts of each node with {hostPath: /proc, containerPath: /procHost}. "
    "k3d: cluster create --volume /proc:/procHost@all."
)


def make_view(path, link, kernel_threads, has_init, init_root, stand_in):
    """link: the PID namespace of a process in it, as pid:[NUMBER], or None; kernel_threads: whether process 2 is kthreadd."""
    if link:
        namespace = "root" if link == INITIAL_PID_NAMESPACE else "own"
    elif kernel_threads:
        # They are seen in the root PID namespace alone.
        namespace = "root"
    else:
        namespace = "own" if has_init else "unknown"
    root = namespace == "root"
    return {
        "path": path,
        "namespace": namespace,
        "init_root": init_root,
        "stand_in": root and kernel_threads and stand_in,
    }


def observe(top):
    """The views of the machine whose root folder, or what of it is mounted, is at top. Empty when there is no /proc."""
    proc = os.path.join(top, "proc")
    mounts = _text(os.path.join(proc, "1/mounts"))
    if mounts is None:
        return []
    found = [_look("/proc", proc)]
    for path, kind in _mounts(mounts):
        if kind == "proc" and path != "/proc" and not path.startswith("/proc/"):
            found.append(_look(path, os.path.join(proc, "1/root") + path))
    return found


def usable(views):
    """What Falco can be given, the best first: pairs of a /proc and of the folder to lay over its process 1, '' for none."""
    root = [view for view in views if view["namespace"] == "root"]
    pairs = [(view["path"], "") for view in root if view["init_root"]]
    return pairs + [(view["path"], view["path"] + "/" + STAND_IN) for view in root if view["stand_in"]]


def describe(views):
    """One line that says where the machine's /proc is and what is wrong with it; '' when nothing is known."""
    if not views:
        return ""
    root = [view for view in views if view["namespace"] == "root"]
    if not root:
        if views[0]["namespace"] == "unknown":
            return "the PID namespace of the node's /proc cannot be determined"
        return "the node's /proc is a PID namespace of its own, and the machine's is not mounted"
    parts = []
    if views[0]["namespace"] != "root":
        parts.append("the node's /proc is a PID namespace of its own")
    for view in root:
        text = "the machine's /proc is at " + view["path"]
        if not view["init_root"]:
            text += ", where 1/root cannot be read"
            text += " and 2/root (kthreadd) can" if view["stand_in"] else ", nor 2/root"
        parts.append(text)
    return "; ".join(parts)


def choose(nodes):
    """What all nodes can give Falco, and what is wrong where they cannot.

    nodes: views by the node's name, None where it could not be looked at. Returns (proc, init, problems): proc is the /proc that Falco is
    to be given, '/proc' where nothing has to change; problems are pairs of a node and a text. A DaemonSet has one set of mounts, so a
    path counts only where every node has it.
    """
    pairs = {name: usable(views or []) for name, views in nodes.items()}
    shared = [pair for pair in next(iter(pairs.values()), []) if all(pair in each for each in pairs.values())]
    # Without a folder over process 1, and the node's own /proc, if that is possible.
    shared.sort(key=lambda pair: (pair[1] != "", pair[0] != "/proc"))
    if shared:
        return shared[0][0], shared[0][1], []
    problems = []
    for name in sorted(nodes):
        if ("/proc", "") in pairs[name]:
            continue
        if nodes[name] is None:
            text = "it could not be looked at"
        else:
            text = describe(nodes[name]) or "its /proc cannot be read"
            if pairs[name]:
                text += ", which other nodes do not have"
        problems.append((name, text))
    return "/proc", "", problems


def _look(path, folder):
    kernel_threads = _text(os.path.join(folder, STAND_IN, "comm")) == "kthreadd\n"
    kernel_threads = kernel_threads and _text(os.path.join(folder, STAND_IN, "cmdline")) == ""
    return make_view(
        path,
        _link(os.path.join(folder, "1/ns/pid")) or _link(os.path.join(folder, STAND_IN, "ns/pid")),
        kernel_threads,
        os.path.isdir(os.path.join(folder, "1")),
        _cgroups_can_be_read(os.path.join(folder, "1")),
        _cgroups_can_be_read(os.path.join(folder, STAND_IN)),
    )


def _cgroups_can_be_read(process):
    """As Falco looks for the unified hierarchy through a process's root: up to the first mount that has controllers."""
    root, mounts = os.path.join(process, "root"), _text(os.path.join(process, "mounts"))
    if mounts is None or not os.path.isdir(root + "/."):
        return False
    readable = True
    for path, kind in _mounts(mounts):
        if kind == "cgroup2":
            controllers = _text(root + path + "/cgroup.controllers")
            readable = controllers is not None
            if controllers:
                break
    return readable


def _mounts(text):
    """Pairs of a folder and its kind of file system."""
    return [(fields[1], fields[2]) for fields in (line.split() for line in text.splitlines()) if len(fields) > 2]


def _text(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return None


def _link(path):
    try:
        return os.readlink(path)
    except OSError:
        return None
