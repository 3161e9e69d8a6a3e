# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does something again and again beside a test."""

from __future__ import annotations

import contextlib
import threading
import typing as t


@contextlib.contextmanager
def repeated(action: t.Callable[[], t.Any], seconds: float) -> t.Iterator[None]:
    """Call the action every so many seconds until the block ends. An error of its own is the last call, and is raised at the end."""
    stop, failed = threading.Event(), []

    def run() -> None:
        try:
            while not stop.wait(seconds):
                action()
        except Exception as error:  # raised where the test sees it
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    if failed:
        raise failed[0]
