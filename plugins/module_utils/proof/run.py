# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs checks side by side."""

from __future__ import annotations

import threading
import time
import typing as t

from .watch import NotSeen, Watch, line

# A check that sleeps inside a library may end a little after the deadline.
_GRACE_SECONDS = 15


class Check:
    """A named function that returns lines of the proof."""

    def __init__(self, name: str, function: t.Callable[[], t.Iterable[dict]]) -> None:
        self.name = name
        self._function = function
        self._lines: list[dict] = []
        self._started = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._started = time.monotonic()
        self._thread.start()

    def _run(self) -> None:
        try:
            for entry in self._function():
                self._lines.append(entry)
        except NotSeen as exc:
            self._fail(str(exc))
        except Exception as exc:  # one broken check must not take the others' lines away
            self._fail(f"{type(exc).__name__}: {exc}")

    def _fail(self, reason: str) -> None:
        self._lines.append(line(self.name, False, time.monotonic() - self._started, reason))

    def wait(self, seconds: float) -> None:
        self._thread.join(seconds)

    def lines(self) -> list[dict]:
        """The lines so far; a check that still runs gets one that says so."""
        if self._thread.is_alive():
            return [*self._lines, line(self.name, False, time.monotonic() - self._started, "did not end in time")]
        return list(self._lines)


def run_checks(checks: list[Check], watch: Watch) -> list[dict]:
    """Start all checks at once and return their lines in the checks' order."""
    for check in checks:
        check.start()
    for check in checks:
        check.wait(watch.left() + _GRACE_SECONDS)
    return [entry for check in checks for entry in check.lines()]
