# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for something to be seen, and the line of the proof that says so."""

from __future__ import annotations

import threading
import time
import typing as t


class NotYet(Exception):
    """What is looked for is not there yet; asking again may help. The text says what was seen instead."""


class NotSeen(Exception):
    """The time is over. The text is the last reason."""


class Sight(t.NamedTuple):
    """Something seen, and when (monotonic seconds)."""

    value: t.Any
    at: float


class Watch:
    """One deadline for all checks of a run."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self._end = time.monotonic() + timeout
        self._over = threading.Event()

    def left(self) -> float:
        return max(0.0, self._end - time.monotonic())

    def over(self) -> bool:
        return self._over.is_set() or self.left() == 0

    def cancel(self) -> None:
        """End all waiting: the run was interrupted."""
        self._over.set()

    def pause(self, seconds: float) -> None:
        self._over.wait(min(seconds, self.left()))

    def until(self, probe: t.Callable[[], t.Any], every: float) -> Sight:
        """Ask the probe until it returns instead of raising NotYet; it is asked once at least.

        The longer it takes the less a moment matters, so the questions get rarer and the time stays right by 1/20.
        """
        began = time.monotonic()
        while True:
            try:
                return Sight(probe(), time.monotonic())
            except NotYet as exc:
                if self.over():
                    raise NotSeen(str(exc)) from exc
            self.pause(max(every, (time.monotonic() - began) / 20))


def line(name: str, ok: bool, seconds: float, detail: str) -> dict:
    """One line of the proof."""
    return {"name": name, "ok": ok, "seconds": round(seconds, 3), "detail": detail}


def observe(
    watch: Watch,
    name: str,
    probe: t.Callable[[], t.Any],
    every: float,
    describe: t.Callable[[t.Any], str],
    since: t.Callable[[t.Any], float] | None = None,
) -> dict:
    """Wait for the probe; the line is ok only if it returned.

    since gets what was seen and tells when its cause happened; without it the time counts from the first question.
    """
    asked = time.monotonic()
    try:
        sight = watch.until(probe, every)
    except NotSeen as exc:
        return line(name, False, time.monotonic() - asked, f"not seen within {watch.timeout:g} s: {exc}")
    return line(name, True, sight.at - (since(sight.value) if since else asked), describe(sight.value))
