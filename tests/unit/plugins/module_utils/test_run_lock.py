# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets a lock, and which holder counts as dead."""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock import process
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock.files import FileLock
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock.lock import (
    LockError,
    Record,
    Watch,
    now,
    parsed,
    release,
    take,
)

ANN = Record("ann@a/1/x", "ann", "a", "m", 1, "s", "site.yml")
BOB = Record("bob@b/2/y", "bob", "b", "n", 2, "t", "teardown.yml")


@pytest.fixture
def place(tmp_path):
    return FileLock(str(tmp_path / "thing"), str(tmp_path / "top" / "locks"))


def test_the_first_has_it_until_it_is_released(place):
    taken = take(place, ANN)
    assert (taken.holder, taken.since) == (ANN.holder, taken.renewed)
    assert take(place, BOB) == taken
    again = take(place, ANN)
    assert again.since == taken.since and again.renewed > taken.renewed
    release(place, BOB)
    assert take(place, BOB).holder == ANN.holder
    release(place, ANN)
    assert take(place, BOB).holder == BOB.holder


def test_nothing_is_left_of_a_lock_that_was_released(place, tmp_path):
    take(place, ANN)
    release(place, ANN)
    assert list(tmp_path.iterdir()) == []


def test_only_the_record_that_was_found_dead_is_taken_over(place):
    dead = take(place, ANN).state()
    renewed = take(place, ANN)
    assert take(place, BOB, dead) == renewed
    assert take(place, BOB, renewed.state()).holder == BOB.holder


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"holder": "a", "more": 1}'])
def test_a_file_without_a_record_is_no_lock(place, text):
    take(place, ANN)
    with open(place.path, "w", encoding="utf-8") as file:
        file.write(text)
    assert take(place, BOB).holder == BOB.holder


def test_another_path_has_another_lock(place, tmp_path):
    take(place, ANN)
    assert take(FileLock(str(tmp_path / "other"), place.folder), BOB).holder == BOB.holder
    (tmp_path / "link").symlink_to(tmp_path / "thing")
    assert take(FileLock(str(tmp_path / "link"), place.folder), BOB).holder == ANN.holder


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LockError, match="cannot be"):
        take(FileLock("/thing", str(tmp_path / "file" / "locks")), ANN)


def test_a_folder_that_another_run_removes_meanwhile_is_made_again(place, monkeypatch):
    opened, removals = os.open, []

    def removed_first(path, *arguments):
        if len(removals) < 3:
            removals.append(os.rmdir(path))
        return opened(path, *arguments)

    monkeypatch.setattr(os, "open", removed_first)
    assert take(place, ANN).holder == ANN.holder
    assert len(removals) == 3


def test_a_link_to_nowhere_is_an_error(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(LockError, match="cannot be"):
        take(FileLock("/thing", str(tmp_path / "link" / "locks")), ANN)


def compete(arguments):
    path, folder, number, rounds = arguments
    place, me = FileLock(path, folder), dataclasses.replace(ANN, holder=f"run {number}")
    inside = []
    while len(inside) < rounds:
        if take(place, me).holder == me.holder:
            begun = time.monotonic()
            time.sleep(0.002)
            inside.append((begun, time.monotonic()))
            release(place, me)
    return inside


def test_of_many_that_want_it_one_has_it(tmp_path):
    works = [(str(tmp_path / "thing"), str(tmp_path / "locks"), number, 10) for number in range(4)]
    with multiprocessing.get_context("fork").Pool(4) as pool:
        spans = sorted(span for spans in pool.map(compete, works, chunksize=1) for span in spans)
    assert len(spans) == 40
    assert all(before[1] <= after[0] for before, after in zip(spans, spans[1:]))


class Clock:
    """Seconds that pass when a test wants it."""

    def __init__(self):
        self.seconds = 0.0
        self.start = datetime(2026, 3, 1, tzinfo=timezone.utc)

    def monotonic(self):
        return self.seconds

    def wall(self):
        return self.start + timedelta(seconds=self.seconds)

    def time(self):
        return self.wall().strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_a_holder_is_dead_after_its_time_without_renewal():
    clock = Clock()
    watch = Watch(clock.monotonic, clock.wall)
    held = dataclasses.replace(ANN, renewed=clock.time())
    assert not watch.unrenewed(held)
    clock.seconds = 29
    assert not watch.unrenewed(held)
    clock.seconds = 30
    assert watch.unrenewed(held)


def test_a_renewal_begins_the_time_again():
    clock = Clock()
    watch = Watch(clock.monotonic, clock.wall)
    for _renewal in range(20):
        assert not watch.unrenewed(dataclasses.replace(ANN, renewed=clock.time()))
        clock.seconds += 10
    clock.seconds += 19.9
    assert not watch.unrenewed(dataclasses.replace(ANN, renewed="other"))


@pytest.mark.parametrize("ahead", [-3600, 3600])
def test_a_clock_that_is_wrong_makes_nobody_dead(ahead):
    clock = Clock()
    watch = Watch(clock.monotonic, lambda: clock.wall() + timedelta(seconds=ahead))
    held = dataclasses.replace(ANN, renewed=clock.time())
    assert not watch.unrenewed(held)
    # It is watched for longer than somebody wants to wait, until it is renewed.
    assert watch.suspects(held)
    clock.seconds = 10
    held = dataclasses.replace(ANN, renewed=clock.time())
    assert not watch.unrenewed(held) and not watch.suspects(held)


def test_a_record_that_is_fresh_is_not_watched():
    clock = Clock()
    watch = Watch(clock.monotonic, clock.wall)
    held = dataclasses.replace(ANN, renewed=clock.time())
    assert not watch.unrenewed(held) and not watch.suspects(held)


@pytest.mark.parametrize("text", ["2026-03-01T10:15:02.000001Z", "2026-03-01T10:15:02.000001+00:00"])
def test_times_are_read_as_api_servers_write_them(text):
    assert parsed(text) == datetime(2026, 3, 1, 10, 15, 2, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize("text", ["", "yesterday", None, "2026-03-01T10:15:02"])
def test_what_is_no_time_is_none(text):
    assert parsed(text) is None
    assert Record("x", since=text).described() == "x"


def test_a_holder_is_described():
    held = dataclasses.replace(ANN, since="2026-03-01T10:15:02.000000Z")
    assert held.described() == "ann on a (site.yml, process 1), since 2026-03-01 10:15:02 UTC"
    assert abs((datetime.now(timezone.utc) - parsed(now())).total_seconds()) < 60


@pytest.fixture(params=["proc", "ps"])
def look(request, monkeypatch):
    """Both ways to look at a process; macOS has the second one only."""
    if request.param == "ps":
        monkeypatch.setattr(process.os.path, "exists", lambda path: False)


@pytest.mark.usefixtures("look")
def test_a_process_is_known_by_number_and_start():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        begun = process.start_of(child.pid)
        assert begun
        assert not process.has_ended(child.pid, begun)
        # Another one has the number.
        assert process.has_ended(child.pid, "another start")
        child.send_signal(signal.SIGKILL)
        # Nobody has waited for it yet.
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert process.has_ended(child.pid, begun)
    assert process.has_ended(child.pid, begun)


def test_what_cannot_be_seen_counts_as_alive(monkeypatch):
    monkeypatch.setattr(process, "_look", lambda pid: (False, ""))
    assert not process.has_ended(os.getpid(), "a start")


def test_a_machine_has_one_name():
    assert process.machine() == process.machine()
    assert len(process.machine()) == 16
