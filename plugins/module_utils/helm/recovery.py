# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the operation of a release counts as interrupted. Private to the collection.

Helm notes that an operation has begun (pending-install, pending-upgrade, pending-rollback, uninstalling) and notes its end.
What lies between is either still running or was interrupted, and its record looks the same. The evidence is one of these:

- Helm itself noted the end: failed.
- This machine began that very operation, and no process here holds the release's lock any more, which every Helm of this
  collection does as long as it runs.
- Nobody has written the record for as long as a Helm waits by default (5 minutes, helm.sh/helm/v3/cmd/helm, --timeout).
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import time
import typing as t

# Seconds without a sign of life after which a Helm of another run or person counts as ended.
PATIENCE = 300
_EVERY_SECONDS = 0.5


class StillRunning(Exception):
    """Somebody is at work with the release; the text says who is known of and what to do."""


class Record(t.NamedTuple):
    """A release's newest revision, as Helm states it."""

    status: str
    revision: int


def next_step(status: str, began_here: bool, idle: float) -> str:
    """What a release of this status needs: "nothing", "rollback", "uninstall", or "wait" without evidence yet.

    began_here: this machine began the operation, and its Helm has ended. idle: seconds without a sign of life.

    >>> next_step("pending-upgrade", False, 20)
    'wait'
    """
    if status == "failed":
        return "rollback"
    if status not in ("pending-install", "pending-rollback", "pending-upgrade", "uninstalling"):
        return "nothing"
    if not began_here and idle < PATIENCE:
        return "wait"
    return "uninstall" if status == "uninstalling" else "rollback"


def parsed_status(code: int, printed: str, error: str) -> Record | None:
    """What "helm status --output json" states; None where it states that there is no such release.

    Raises ValueError for everything else.
    """
    if code != 0:
        # helm.sh/helm/v3/pkg/storage/driver/driver.go, ErrReleaseNotFound
        if "release: not found" in error:
            return None
        raise ValueError(error.strip() or f"it ended with {code} and printed nothing")
    try:
        found = json.loads(printed)
        return Record(str(found["info"]["status"]), int(found["version"]))
    except (KeyError, TypeError, ValueError):
        raise ValueError("what it printed is no status of a release") from None


def folder() -> str:
    """Where locks are: XDG_CACHE_HOME, else ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "runtime-security", "helm")


class ReleaseLock:
    """One operation of a release at a time on this machine, and what was begun last.

    The lock is held as long as a process has its descriptor open: this one, and a Helm that it was passed to.
    """

    def __init__(self, cluster: str, namespace: str, release: str, wait: float | None = None) -> None:
        """cluster tells it from others; wait is how many seconds another holder is waited for."""
        name = hashlib.sha256("\0".join((cluster, namespace, release)).encode()).hexdigest()[:32]
        self.path = os.path.join(folder(), f"{name}.lock")
        self._what = f"{namespace}/{release}"
        self._wait = PATIENCE if wait is None else wait
        self._descriptor: int | None = None

    def __enter__(self) -> ReleaseLock:
        os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        end = time.monotonic() + self._wait
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return self
            if time.monotonic() >= end:
                os.close(self._descriptor)
                raise StillRunning(
                    f"release {self._what}: another run of this machine, or a Helm that one left, has been at work with it for "
                    f"{self._wait:g} s. Nothing was changed. Wait until it ends, or end it, and run again (fuser {self.path})."
                )
            time.sleep(_EVERY_SECONDS)

    def __exit__(self, *unused: object) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def descriptors(self) -> tuple[int, ...]:
        """What a Helm gets passed, so that it holds the lock too."""
        return () if self._descriptor is None else (self._descriptor,)

    def note(self, operation: str, revision: int) -> None:
        """Note what is about to begin: install, upgrade, rollback or uninstall, and the revision that it makes or removes."""
        self._write(f"{operation} {revision}")

    def forget(self) -> None:
        """Note that it has ended."""
        self._write("")

    def began(self, record: Record) -> bool:
        """Whether this machine began the operation that a record tells of."""
        with open(self.path, encoding="utf-8") as file:
            operation, _space, revision = file.read().strip().partition(" ")
        kinds = {
            "pending-install": ("install",),
            "pending-upgrade": ("upgrade",),
            "pending-rollback": ("rollback",),
            "uninstalling": ("uninstall",),
        }
        return operation in kinds.get(record.status, ()) and revision == str(record.revision)

    def _write(self, text: str) -> None:
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text.encode(), 0)
