# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.watch import (
    NotSeen,
    NotYet,
    Watch,
    observe,
)


def _after(failures, value):
    """A probe that fails a few times first."""
    answers = [NotYet(f"try {number}") for number in range(failures)] + [value]

    def probe():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return probe


def test_until_asks_again():
    assert Watch(5).until(_after(3, "seen"), 0).value == "seen"


def test_until_gives_the_last_reason():
    def probe():
        raise NotYet("no line")

    with pytest.raises(NotSeen, match="no line"):
        Watch(0.01).until(probe, 0.001)


def test_until_asks_once_even_without_time():
    assert Watch(0).until(lambda: 1, 1).value == 1


def test_cancel_ends_waiting():
    watch = Watch(60)

    def probe():
        watch.cancel()
        raise NotYet("cut off")

    with pytest.raises(NotSeen, match="cut off"):
        watch.until(probe, 60)


def test_other_errors_are_not_swallowed():
    def probe():
        raise ValueError("a fault of ours")

    with pytest.raises(ValueError):
        Watch(5).until(probe, 0)


def test_observe_counts_from_the_cause():
    sight = observe(Watch(5), "a name", lambda: 7, 1, lambda value: f"saw {value}", since=lambda value: 0.0)
    assert (sight["name"], sight["ok"], sight["detail"]) == ("a name", True, "saw 7")
    assert sight["seconds"] > 1  # the monotonic clock did not start with this test


def test_observe_says_what_was_missing():
    def probe():
        raise NotYet("no line")

    sight = observe(Watch(0.01), "a name", probe, 0.001, str)
    assert not sight["ok"]
    assert sight["detail"] == "not seen within 0.01 s: no line"
