# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One change of a minikube profile at a time.

Ansible starts modules in a session of their own: whoever kills the playbook leaves the module and its minikube at work.
Both hold the lock, so the next run waits until the last of them has ended. The file notes, too, what was done here last:
what a first start left that never ended cannot be relied on, and what exists without a profile is ours only if it was made.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube import MinikubeError, profile_folder

# A start ends by itself: minikube waits 6 minutes for a node, and once more after a failure.
WAIT_SECONDS = 900
_EVERY_SECONDS = 0.5

BEGUN = "A first start began."
CHANGED = "A later start began."
MADE = "The cluster was started."
REMOVAL = "A removal began."


class ProfileLock:
    """Held as long as a process has its descriptor open: this one, and those that it was passed to."""

    def __init__(self, home, profile, wait=WAIT_SECONDS):
        self.path = os.path.join(os.path.realpath(profile_folder(home)), "%s.lock" % profile)
        self.descriptor = None
        self._profile = profile
        self._wait = wait

    def __enter__(self):
        end = time.monotonic() + self._wait
        while not self._taken():
            if time.monotonic() >= end:
                raise MinikubeError(
                    "Profile '%s' is still being changed, after %d seconds of waiting, by what an earlier run left: %s. "
                    "Nothing was changed. Wait until it ends, or end it, and run again."
                    % (self._profile, self._wait, "; ".join(self._holders()) or "a process that is not seen from here")
                )
            time.sleep(_EVERY_SECONDS)
        return self

    def __exit__(self, *unused):
        os.close(self.descriptor)
        self.descriptor = None

    def descriptors(self):
        """What a program gets passed that shall hold the lock, too."""
        return [] if self.descriptor is None else [self.descriptor]

    def noted(self):
        """What was noted last, BEGUN, CHANGED, MADE or REMOVAL, or nothing."""
        try:
            with open(self.path, encoding="utf-8") as file:
                return file.read().strip()
        except FileNotFoundError:
            return ""

    def note(self, text):
        """Note it, while the lock is held."""
        if self.noted() != text:
            os.ftruncate(self.descriptor, 0)
            os.pwrite(self.descriptor, ("%s\n" % text).encode(), 0)

    def remove(self):
        """Take the file away, while it is held: whoever waits for it makes a new one. It may have gone with its folder."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)

    def _taken(self):
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The one before may have removed the file that was opened here.
            if os.path.samestat(os.fstat(descriptor), os.stat(self.path)):
                self.descriptor = descriptor
        except (BlockingIOError, FileNotFoundError):
            pass
        finally:
            if self.descriptor != descriptor:
                os.close(descriptor)
        return self.descriptor is not None

    def _holders(self):
        """Processes that have the file open, as far as this user may see them, and the system has /proc (Linux)."""
        if not os.path.isdir("/proc"):
            return []
        found = []
        for pid in sorted((name for name in os.listdir("/proc") if name.isdigit()), key=int):
            if self._is_open_in(pid):
                found.append("process %s (%s)" % (pid, command_line(pid)))
        return found

    def _is_open_in(self, pid):
        folder = os.path.join("/proc", pid, "fd")
        try:
            numbers = os.listdir(folder)
        except OSError:
            # It ended meanwhile, or is another user's.
            return False
        return any(self._is(os.path.join(folder, number)) for number in numbers)

    def _is(self, link):
        try:
            return os.readlink(link) == self.path
        except OSError:
            return False


def command_line(pid):
    """The first words of a process's command; later ones may be long."""
    try:
        with open(os.path.join("/proc", pid, "cmdline"), encoding="utf-8") as file:
            return " ".join(file.read().split("\0")[:3]).strip()
    except OSError:
        return "it has ended"
