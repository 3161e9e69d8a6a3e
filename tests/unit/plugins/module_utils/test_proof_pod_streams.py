# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the marked pod prints, and what is started in it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof import pod as pods
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.cluster import ClusterError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.watch import NotSeen


class _Session:
    def __init__(self, echo):
        self.echo = echo
        self.sent = ""
        self.closed = False

    def write_stdin(self, text):
        self.sent += text

    def readline_stdout(self, timeout):
        return self.echo if self.echo is not None else self.sent.rstrip("\n")

    def close(self):
        self.closed = True


def test_the_marker_is_printed_by_the_pod():
    cluster = SimpleNamespace()
    session = _Session(None)
    cluster.attach = lambda name, namespace, container: session
    assert pods.MarkedPod(cluster, "proof", "busybox", "pipeline-proof-").print_marker() > 0
    assert session.closed


def test_a_pod_that_does_not_answer_is_told():
    cluster = SimpleNamespace()
    session = _Session("")
    cluster.attach = lambda name, namespace, container: session
    with pytest.raises(NotSeen, match="did not repeat"):
        pods.MarkedPod(cluster, "proof", "busybox", "pipeline-proof-").print_marker()
    assert session.closed


def test_a_shell_that_prints_something_else_did_not_start():
    cluster = SimpleNamespace()
    cluster.run_on_terminal = lambda *unused: "sh: not found"
    with pytest.raises(ClusterError, match="not found"):
        pods.MarkedPod(cluster, "proof", "busybox", "pipeline-proof-").start_shell(1)


def test_what_the_sink_printed():
    cluster = SimpleNamespace()
    cluster.log = lambda name, namespace, container: (
        f'{container} starts\n{{"alerts": [{{"status": "firing"}}]}}\n{{}}\n'
    )
    pod = pods.MarkedPod(cluster, "proof", "busybox", "pipeline-proof-", True)
    assert pod.notified() == [{"status": "firing"}]
