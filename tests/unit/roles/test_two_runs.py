# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs at once, as users start them: on an API server that keeps objects, and on a path."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

import pytest
from two_runs import cluster_lock, command, gate, holder, keeper_of, reached, wait_until


def test_the_second_run_waits_and_says_for_whom(runs, server, tmp_path):
    first = runs.start(cluster_lock(server), gate(tmp_path / "gate"))
    reached(tmp_path / "gate")
    second = runs.start(cluster_lock(server, timeout=60), command("date", "+%s.%N"))
    words = ""
    while "Waits for" not in words:
        words = second.stdout.readline()
        assert words, "it ended without waiting"
    assert f"process {first.pid}" in words and "play-1.yml" in words and "for 60 s at most" in words
    assert f"/{first.pid}/" in holder(server)
    (tmp_path / "gate").touch()
    assert "failed=0" in runs.said(first)
    assert f"/{first.pid}/" not in holder(server)
    assert "failed=0" in runs.said(second)
    assert holder(server) == ""


def test_the_second_run_ends_where_it_must_not_wait(runs, server, tmp_path):
    runs.start(cluster_lock(server), gate(tmp_path / "gate"))
    reached(tmp_path / "gate")
    second = runs.start(cluster_lock(server, timeout=0))
    said = runs.said(second)
    assert second.returncode != 0
    assert "another run holds the lock of cluster" in said and "play-1.yml" in said
    assert "runtime_security_lock_timeout" in said and "Waits for" not in said
    dry = runs.start(cluster_lock(server, timeout=0), options=["--check"])
    assert "failed=0" in runs.said(dry)


def test_a_run_that_was_killed_blocks_nobody_on_this_machine(runs, server, tmp_path):
    first = runs.start(cluster_lock(server), gate(tmp_path / "gate"))
    reached(tmp_path / "gate")
    # Its keeper too, as nobody is left to release the lock then.
    keeper = keeper_of(tmp_path / "home")
    os.kill(keeper, signal.SIGKILL)
    first.kill()
    first.wait()
    begun = time.monotonic()
    second = runs.start(cluster_lock(server, timeout=0))
    said = runs.said(second)
    assert "failed=0" in said and "Takes over" in said
    assert time.monotonic() - begun < 30
    (tmp_path / "gate").touch()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_lock_of_a_run_that_was_ended_is_released(runs, server, tmp_path, number):
    first = runs.start(cluster_lock(server), gate(tmp_path / "gate"))
    reached(tmp_path / "gate")
    keeper = keeper_of(tmp_path / "home")
    first.send_signal(number)
    first.wait(timeout=30)
    wait_until(lambda: holder(server) == "", seconds=10)
    (tmp_path / "gate").touch()
    wait_until(lambda: not alive(keeper), seconds=10)


def alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
