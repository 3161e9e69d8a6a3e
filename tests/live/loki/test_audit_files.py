# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the real collector makes of an audit log as the API server writes and rotates it."""

from __future__ import annotations

import gzip
import json

import pytest

from . import collector, local
from .cluster import wait_for

FOLDER = "/var/log/kubernetes/audit"
LABELS = {
    "namespace": "kube-system",
    "pod": "kube-apiserver-node",
    "container": "kube-apiserver",
    "app": "kube-apiserver",
    "job": "kube-system/kube-apiserver",
    "node_name": "node",
    "stream": "audit",
    "service.name": "kube-apiserver",
}
SECOND = 10**9
BEGIN = 1795467600


def line(number: int, body: object = None) -> str:
    """A line of the audit log, its fields in the API server's order."""
    event = {"kind": "Event", "apiVersion": "audit.k8s.io/v1", "auditID": f"id-{number}", "verb": "create"}
    event |= {"requestObject": body} if body else {}
    stamps = {"requestReceivedTimestamp": stamp(number - 1), "stageTimestamp": stamp(number)}
    return json.dumps(event | stamps | {"annotations": {"a/b": "c"}}, separators=(",", ":"))


def stamp(number: int) -> str:
    return f"2026-11-23T21:00:{number:02}.000000Z"


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    names = ["otel", "otel_receiver", "masks", "audit"]
    folder = tmp_path_factory.mktemp("audit")
    return local.role_value(
        "__loki_stack_audit_otel_values.alternateConfig", folder, *names, loki_stack_audit_log="kubeadm"
    )


@pytest.fixture
def log(tmp_path):
    folder = tmp_path / "audit"
    folder.mkdir()
    return folder / "audit.log"


def test_lines_have_their_own_time_and_the_labels_of_the_api_server(config, log, tmp_path):
    log.write_text("".join(f"{line(number)}\n" for number in (1, 2)))
    with collector.running(config, tmp_path, {FOLDER: log.parent}) as sink:
        wait_for("both lines", lambda: len(sink.lines) >= 2, 60)
    assert sink.lines == [("audit", (BEGIN + number) * SECOND, line(number)) for number in (1, 2)]
    assert sink.labels[0] == LABELS


def test_nobody_dates_a_line_back_by_the_body_of_a_request(config, log, tmp_path):
    forged = line(5, {"requestReceivedTimestamp": stamp(0), "stageTimestamp": stamp(0), "note": line(0)})
    log.write_text(f"{forged}\nno audit line\n")
    with collector.running(config, tmp_path, {FOLDER: log.parent}) as sink:
        wait_for("both lines", lambda: len(sink.lines) >= 2, 60)
    assert set(sink.lines) == {("audit", (BEGIN + 5) * SECOND, forged), ("audit", 0, "no audit line")}


def test_what_was_rotated_while_no_agent_ran_is_read_and_nothing_twice(config, log, tmp_path):
    log.write_text(f"{line(1)}\n")
    with collector.running(config, tmp_path, {FOLDER: log.parent}) as sink:
        wait_for("the first line", lambda: sink.lines, 60)
    with log.open("a") as file:
        file.write(f"{line(2)}\n")
    log.rename(log.with_name("audit-2026-11-23T21-00-03.000.log"))
    compressed = log.with_name("audit-2026-11-23T20-00-00.000.log.gz")
    compressed.write_bytes(gzip.compress(f"{line(0)}\n".encode()))
    log.write_text(f"{line(4)}\n")
    log.with_name("other.log").write_text("of something else\n")
    with collector.running(config, tmp_path, {FOLDER: log.parent}) as sink:
        wait_for("three lines", lambda: len(sink.lines) >= 3, 60)
    assert sorted(text for _stream, _stamp, text in sink.lines) == [line(0), line(2), line(4)]
    rotated = log.with_name("audit-2026-11-23T21-00-03.000.log")
    rotated.with_name(f"{rotated.name}.gz").write_bytes(gzip.compress(rotated.read_bytes()))
    rotated.unlink()
    with log.open("a") as file:
        file.write(f"{line(6)}\n")
    with collector.running(config, tmp_path, {FOLDER: log.parent}) as sink:
        wait_for("the last line", lambda: sink.lines, 60)
    assert [text for _stream, _stamp, text in sink.lines] == [line(6)]
