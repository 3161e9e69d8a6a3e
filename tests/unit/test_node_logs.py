# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rotation tests read of the logs on a node."""

from __future__ import annotations

import shutil

import pytest
from live.rotation import node_logs
from live.rotation.node_logs import NodeLogs


@pytest.fixture
def reader(tmp_path):
    return NodeLogs(tmp_path, "falco", "falcosidekick", {"seen": r"event-(\d+)-"})


def log(tmp_path, pod, namespace="falco", container="falcosidekick"):
    folder = tmp_path / f"{namespace}_{pod}_uid" / container
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "0.log"


def test_the_last_lines_of_a_removed_container_are_read(tmp_path, reader, monkeypatch):
    monkeypatch.setattr(node_logs, "PERIOD", 0)
    path = log(tmp_path, "one")
    path.write_text("event-1-\n")
    reader.read()
    with path.open("a") as file:
        shutil.rmtree(path.parent)
        file.write("event-2-\nnoise\nevent-3-\n")
    reader.start()
    reader.stop()
    assert (reader.numbers, reader.others) == ({"seen": {1, 2, 3}}, ["noise"])


def test_a_rotated_log_is_read_to_its_end_and_goes_on(tmp_path, reader):
    path = log(tmp_path, "one")
    path.write_text("event-1-\nevent-")
    reader.read()
    with path.open("a") as file:
        path.rename(path.with_name("0.log.20260101-000000"))
        file.write("2-\n")
    path.write_text("event-3-\n")
    reader.read()
    assert reader.numbers["seen"] == {1, 2, 3}


def test_later_containers_are_read_and_others_are_not(tmp_path, reader):
    reader.read()
    for number, options in enumerate(
        ({"pod": "a"}, {"pod": "b"}, {"pod": "c", "namespace": "falco-2"}, {"pod": "d", "container": "falco"})
    ):
        log(tmp_path, **options).write_text(f"event-{number}-\n")
    reader.read()
    assert reader.numbers["seen"] == {0, 1}
