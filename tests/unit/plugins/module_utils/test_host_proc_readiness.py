# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the readiness check says of a view of /proc."""

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.ebpf import (
    process_table,
    requirements,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.ebpf.node import INITIAL_PID_NAMESPACE, Node
from host_proc_views import BARE, MOUNTED, OWN, PLAIN, SEALED, view


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
