# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that renews a lock as long as a run lives, and releases it at the run's end.

It is forked from Ansible's worker, so that it has the connection and its credentials in its memory and on no command line, and
leaves the worker's session, so that nothing that ends the worker ends it. It has none of the run's open files: whoever
waits for the end of the run's output does not wait for it.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import shutil
import signal
import time
import typing as t
from pathlib import Path

from ansible import constants
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock.lock import DURATION, RENEWAL
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock.process import has_ended, start_of

_PREFIX = "run-lock-"
# Seconds that a run waits at its end for its locks to be released.
_END = 5
# Seconds between looks whether the run still lives; without /proc each of them starts a ps.
_EVERY = 0.1 if os.path.exists("/proc/self/stat") else 1.0


class Note:
    """A file of the run that is as old as the last renewal of a lock, and names the keeper."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def exists(self) -> bool:
        return self.path.exists()

    def kept(self) -> bool:
        """Whether the lock was renewed lately, so that no other run can have taken it over."""
        with contextlib.suppress(FileNotFoundError):
            return 0 <= time.time() - self.path.stat().st_mtime < DURATION
        return False

    def keeper(self) -> tuple[int, str]:
        """Number and start of the process that renews the lock; (0, "") for none."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            found = json.loads(self.path.read_text(encoding="utf-8"))
            return found["keeper"], found["start"]
        return 0, ""

    def write(self, keeper: int) -> None:
        beside = self.path.with_suffix(".new")
        beside.write_text(json.dumps({"keeper": keeper, "start": start_of(keeper)}), encoding="utf-8")
        os.replace(beside, self.path)

    def renewed(self) -> None:
        os.utime(self.path)

    def age(self) -> None:
        """Have the next task with the lock look for itself."""
        os.utime(self.path, (0, 0))

    def remove(self) -> None:
        with contextlib.suppress(OSError):
            self.path.unlink()


def note_of(lock: str) -> Note:
    """That of a lock of this run, by a name that is unique within the run."""
    return Note(Path(constants.DEFAULT_LOCAL_TMP) / f"{_PREFIX}{lock}")


def release_at_the_end() -> None:
    """Have the process that calls this, which is ansible-playbook, release its locks before it ends."""
    atexit.register(_release_all, os.getpid())


def _release_all(run: int) -> None:
    """A run that is killed never comes here; its keepers find out by themselves."""
    # A worker inherits what its parent registered.
    if os.getpid() != run:
        return
    keepers = []
    for note in map(Note, Path(constants.DEFAULT_LOCAL_TMP).glob(f"{_PREFIX}*")):
        pid, begun = note.keeper()
        note.remove()
        if pid and not has_ended(pid, begun):
            os.kill(pid, signal.SIGTERM)
            keepers.append((pid, begun))
    end = time.monotonic() + _END
    while any(not has_ended(*keeper) for keeper in keepers) and time.monotonic() < end:
        time.sleep(0.01)


def start(step: t.Callable[[str], dict], pid: int, process_start: str, note: Note) -> None:
    """Fork the keeper of a lock that was just taken.

    step: takes "present" and renews, or "absent" and releases; returns what the module returns, or raises.
    pid, process_start: the run. note: is written before this returns.
    """
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    # Nothing of the worker may go on in here, whatever happens.
    try:
        os.setsid()
        keeper = os.fork()
        if keeper:
            note.write(keeper)
        else:
            _keep(step, pid, process_start, note, _become_a_stranger())
    finally:
        os._exit(0)


def _become_a_stranger() -> int:
    """Give up the worker's files and signals. The numbers of the files stay taken: objects of the worker still hold them.

    Returns a file that can be read once a SIGTERM has come.
    """
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.chdir("/")
    nothing = os.open(os.devnull, os.O_RDWR)
    for name in os.listdir("/dev/fd"):
        # That of the listing itself is closed already.
        with contextlib.suppress(OSError):
            os.fstat(int(name))
            os.dup2(nothing, int(name))
    read_end, write_end = os.pipe()
    for end in (read_end, write_end):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(write_end)
    signal.signal(signal.SIGTERM, lambda *_unused: None)
    return read_end


def _keep(step: t.Callable[[str], dict], pid: int, process_start: str, note: Note, bell: int) -> None:
    renewal = time.monotonic() + RENEWAL
    while not has_ended(pid, process_start):
        if select.select([bell], [], [], _EVERY)[0]:
            os.read(bell, 1024)
            if not note.exists():
                break
        if time.monotonic() < renewal:
            continue
        renewal = time.monotonic() + RENEWAL
        if note.keeper()[0] != os.getpid():
            # Another one took its place.
            return
        # Why a renewal failed does not matter here: the note gets old, and the next task with the lock finds out.
        with contextlib.suppress(Exception):
            if step("present")["held"]:
                note.renewed()
                continue
            note.age()
            return
    _release(step, note)


def _release(step: t.Callable[[str], dict], note: Note) -> None:
    """Modules on other hosts are packed in a folder that a run which has ended has removed."""
    folder = Path(constants.DEFAULT_LOCAL_TMP)
    made = not folder.exists()
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        # A cluster that is gone has no lock to release.
        with contextlib.suppress(Exception):
            step("absent")
    finally:
        note.remove()
        if made:
            shutil.rmtree(folder, ignore_errors=True)
