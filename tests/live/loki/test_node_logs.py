# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the real collector makes of the files of a node's syslog daemon."""

from __future__ import annotations

import pytest

from . import collector, local
from .cluster import wait_for

NEW = "2026-11-23T21:00:07.500000+00:00 n1 sshd[812]: Accepted publickey for root from 10.0.0.9 port 50022 ssh2"
OLD = "Nov 23 21:00:07 n1 sudo: alice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh"


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    names = ["otel", "otel_receiver", "masks", "audit", "node_logs"]
    inputs = {"loki_stack_audit_log": "stdout", "loki_stack_mask_tokens": True}
    folder = tmp_path_factory.mktemp("nodes")
    return local.role_value("__loki_stack_nodes_values.alternateConfig", folder, *names, **inputs)


def test_lines_from_its_first_start_on_and_those_of_its_absence(config, tmp_path):
    log = tmp_path / "log"
    log.mkdir()
    before = "Nov 20 21:00:07 n1 sshd[1]: Accepted password for root from 10.0.0.9 port 1 ssh2\n"
    for name in ("auth.log", "auth.log.1", "secure", "kern.log"):
        (log / name).write_text(before if name != "auth.log.1" else f"{before}{before}")
    with collector.running(config, tmp_path, {"/var/log": log}) as sink:
        # It has found the ends of the files when it reads what comes after them.
        while not sink.lines:
            with (log / "auth.log").open("a") as file:
                file.write(f"{NEW}\n")
            wait_briefly(sink)
    assert {line for line in sink.lines} == {("auth", 1795467607500000000, NEW)}
    assert sink.labels[0] == {
        "node_name": "node",
        "app": "node-logs",
        "job": "node-logs",
        "stream": "auth",
        "service.name": "node-logs",
    }
    for name in ("secure", "kern.log"):
        with (log / name).open("a") as file:
            file.write(f"{OLD}\n")
    with collector.running(config, tmp_path, {"/var/log": log}) as sink:
        wait_for("the line", lambda: sink.lines, 60)
    assert sink.lines == [("secure", 0, OLD)]


def wait_briefly(sink: collector.Sink) -> None:
    try:
        wait_for("a line", lambda: sink.lines, 3)
    except TimeoutError:
        return
