# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check that tells whether Falco knows the processes that ran before it. It runs without that, and is blind to them."""

from . import host_proc
from .checks import check
from .node import INITIAL_PID_NAMESPACE

LOOK = "Let Falco look at other processes (CAP_SYS_PTRACE, and no security module that forbids it)."


def evaluate(node, driver, release):
    required = "the machine's /proc, and its cgroups through the root of process 1"
    iterators = release["iterators"] and driver == "modern_ebpf"
    if iterators and node.record.get("pid_namespace") == INITIAL_PID_NAMESPACE:
        return check("process_table", "ok", "root PID namespace: BPF iterators tell of every process", required)
    views = node.record.get("proc_views")
    if not views:
        return check("process_table", "skipped", "the host's /proc is not to be seen", required)
    observed = host_proc.describe(views)
    if iterators:
        observed += "; BPF iterators stay off in this PID namespace"
    pairs = host_proc.usable(views)
    if pairs[:1] == [("/proc", "")]:
        return check("process_table", "ok", observed, required)
    if pairs:
        return check("process_table", "warn", observed, required, _give(*pairs[0]))
    found = any(view["namespace"] == "root" for view in views)
    return check("process_table", "warn", observed, required, LOOK if found else host_proc.REMEDY)


def _give(proc, init):
    over = ", with {0} mounted over 1 in it".format(init) if init else ""
    return "Give Falco {0} as the /proc below its HOST_ROOT{1}; the role falco_ebpf does.".format(proc, over)
