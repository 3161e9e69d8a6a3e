# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Locks of what lies on a machine: a file for each, beside each other in the user's own folder.

The file is not put into what is locked: that may not exist yet, may have to be empty, or is about to be removed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import fcntl
import hashlib
import json
import os

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock.lock import LockError, Record

FOLDER = "~/.local/share/runtime-security/locks"
# How often the folder may be removed by another run between two steps of this one; more is a fault.
_ATTEMPTS = 1000


class FileLock:
    """The lock of a path, for all runs of one user on one machine."""

    def __init__(self, path: str, folder: str = FOLDER):
        self.folder = os.path.expanduser(folder)
        real = os.path.realpath(os.path.expanduser(path))
        name = hashlib.sha256(real.encode()).hexdigest()[:12]
        self.path = os.path.join(self.folder, "%s-%s.json" % (os.path.basename(real), name))

    def read(self) -> tuple[Record | None, str]:
        """The record and the file's text; none where there is no file, or nothing that a holder writes."""
        try:
            with open(self.path, encoding="utf-8", errors="replace") as file:
                text = file.read()
        except FileNotFoundError:
            return None, ""
        except OSError as error:
            raise LockError("The lock %s cannot be read: %s" % (self.path, error)) from error
        return _record(text), text

    def write(self, record: Record, version: str) -> bool:
        with self._alone():
            if self.read()[1] != version:
                return False
            beside = self.path + ".new"
            with open(beside, "w", encoding="utf-8") as file:
                json.dump(dataclasses.asdict(record), file)
            os.replace(beside, self.path)
            return True

    def remove(self, version: str) -> bool:
        with self._alone():
            if self.read()[1] != version:
                return False
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.path)
            # With the last lock goes the folder, and the one above where nothing else is in it.
            with contextlib.suppress(OSError):
                os.rmdir(self.folder)
                os.rmdir(os.path.dirname(self.folder))
            return True

    @contextlib.contextmanager
    def _alone(self):
        """Nobody else reads and writes meanwhile; the kernel ends that with the process."""
        try:
            descriptor = self._open()
        except OSError as error:
            raise LockError(
                "The lock %s cannot be written: %s. Make %s a folder that this user can write to."
                % (self.path, error, self.folder)
            ) from error
        try:
            yield
        finally:
            os.close(descriptor)

    def _open(self) -> int:
        for attempt in range(_ATTEMPTS):
            try:
                os.makedirs(self.folder, mode=0o700, exist_ok=True)
                descriptor = os.open(self.folder, os.O_RDONLY)
            except FileNotFoundError:
                # Another run has removed the folder in between; a link to nowhere stays as it is.
                if attempt == _ATTEMPTS - 1:
                    raise
                continue
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # The one before may have removed the folder that was opened here.
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), os.stat(self.folder)):
                    return descriptor
            os.close(descriptor)
        raise OSError(errno.EBUSY, "removed by other runs again and again", self.folder)


def _record(text: str) -> Record | None:
    """Files are replaced as a whole, so one without a record was never a lock."""
    try:
        found = json.loads(text)
        return Record(**found)
    except (TypeError, ValueError):
        return None
