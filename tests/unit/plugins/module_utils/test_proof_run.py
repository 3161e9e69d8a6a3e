# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
import time

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof import run
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.watch import NotSeen, Watch, line


def _lines(*names):
    return [line(name, True, 0, "") for name in names]


def _raise(exception):
    raise exception


def test_lines_keep_the_order_of_the_checks():
    slow = run.Check("slow", lambda: (time.sleep(0.05), _lines("slow"))[1])
    fast = run.Check("fast", lambda: _lines("fast 1", "fast 2"))
    proof = run.run_checks([slow, fast], Watch(5))
    assert [entry["name"] for entry in proof] == ["slow", "fast 1", "fast 2"]


def test_checks_run_side_by_side():
    meeting = threading.Barrier(2, timeout=5)
    checks = [run.Check(name, lambda name=name: (meeting.wait(), _lines(name))[1]) for name in ("one", "two")]
    assert all(entry["ok"] for entry in run.run_checks(checks, Watch(5)))


@pytest.mark.parametrize(
    "exception, detail", [(NotSeen("no pod"), "no pod"), (KeyError("frames"), "KeyError: 'frames'")]
)
def test_a_broken_check_leaves_the_others_alone(exception, detail):
    checks = [run.Check("broken", lambda: _raise(exception)), run.Check("fine", lambda: _lines("fine"))]
    proof = run.run_checks(checks, Watch(5))
    assert [(entry["name"], entry["ok"]) for entry in proof] == [("broken", False), ("fine", True)]
    assert proof[0]["detail"] == detail


def test_lines_before_an_error_are_kept():
    def check():
        yield line("first", True, 0, "")
        raise NotSeen("then nothing")

    proof = run.run_checks([run.Check("second", check)], Watch(5))
    assert [(entry["name"], entry["ok"]) for entry in proof] == [("first", True), ("second", False)]


def test_a_check_that_hangs_gets_a_line(monkeypatch):
    monkeypatch.setattr(run, "_GRACE_SECONDS", 0)
    forever = threading.Event()
    proof = run.run_checks([run.Check("hangs", lambda: forever.wait() and [])], Watch(0.05))
    forever.set()
    assert [(entry["ok"], entry["detail"]) for entry in proof] == [(False, "did not end in time")]
