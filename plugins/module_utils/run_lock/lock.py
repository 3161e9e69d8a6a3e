# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time: who holds a lock, and when another run may take it over.

A lock is a record in a place that changes it only as a whole and only from what was read before: a Lease (lease.py) or a
file (files.py). Its holder renews it; nobody trusts another machine's clock: a holder is dead when its process is gone on
the machine that looks, or when the record stayed the same for its whole duration while somebody looked.
"""

from __future__ import annotations

import dataclasses
import time
from datetime import datetime, timezone

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError

# Seconds after which a record that nobody renews is free, and seconds between renewals.
DURATION = 30
RENEWAL = 10
# Another run may write between reading and writing; then it is read again.
_ATTEMPTS = 10
_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


class LockError(WorkError):
    """The place of a lock could not be read or written.

    cause: "refused" by an answer, "unanswered", or "unknown" where the kubeconfig has no such cluster.
    """

    def __init__(self, message: str, cause: str = "refused"):
        super().__init__(message, cause=cause)
        self.cause = cause


@dataclasses.dataclass(frozen=True)
class Record:
    """Who holds a lock. Times are RFC 3339 in UTC with microseconds, by the clock of the holder."""

    holder: str
    user: str = ""
    host: str = ""
    # See process.py.
    machine: str = ""
    pid: int = 0
    process_start: str = ""
    playbook: str = ""
    since: str = ""
    renewed: str = ""
    seconds: int = DURATION

    def state(self) -> str:
        """What a renewal changes."""
        return "%s %s" % (self.holder, self.renewed)

    def described(self) -> str:
        """The holder in words, e.g. 'ann on build-1 (site.yml, process 4711), since 2026-03-01 10:15:02 UTC'."""
        who = "%s on %s" % (self.user, self.host) if self.user and self.host else self.holder
        details = [self.playbook] if self.playbook else []
        details += ["process %d" % self.pid] if self.pid else []
        since = parsed(self.since)
        return "%s%s%s" % (
            who,
            " (%s)" % ", ".join(details) if details else "",
            ", since %s UTC" % since.strftime("%Y-%m-%d %H:%M:%S") if since else "",
        )


def now() -> str:
    """This moment. The API server wants a fraction, which a client that knows times omits where it is 0."""
    found = datetime.now(timezone.utc)
    return found.replace(microsecond=found.microsecond or 1).strftime(_TIME)


def parsed(text: str) -> datetime | None:
    """A time of a record; None for what is none, as anybody may have written it."""
    try:
        # Python before 3.11 does not know the Z.
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except (AttributeError, ValueError):
        return None
    return found if found.tzinfo else None


def take(place, me: Record, dead: str = "") -> Record:
    """Take or renew the lock in a place, or leave it to whoever holds it; returns the record that is there then.

    place: has read() -> (Record or None, version) and write(Record, version) -> whether the version was still there.
    dead: Record.state() of a holder that is known to be dead; whatever else is there is alive.
    """
    for _attempt in range(_ATTEMPTS):
        found, version = place.read()
        mine = found is not None and found.holder == me.holder
        if found is not None and found.holder and not mine and found.state() != dead:
            return found
        time_now = now()
        record = dataclasses.replace(me, since=found.since if mine else time_now, renewed=time_now)
        if place.write(record, version):
            return record
    raise LockError("The lock changed %d times while it was being taken. Run again." % _ATTEMPTS)


def release(place, me: Record) -> None:
    """Remove the record, if it is still this holder's."""
    for _attempt in range(_ATTEMPTS):
        found, version = place.read()
        if found is None or found.holder != me.holder or place.remove(version):
            return


class Watch:
    """Finds out whether a holder is dead, by looking at its record again and again."""

    def __init__(self, clock=time.monotonic, wall=lambda: datetime.now(timezone.utc)):
        self._clock = clock
        self._wall = wall
        self._state = None
        self._since = 0.0
        self._changed = False

    def unrenewed(self, record: Record) -> bool:
        """Whether the record, which was just read, has stayed the same for its whole duration."""
        if record.state() != self._state:
            self._changed = self._state is not None
            self._state, self._since = record.state(), self._clock()
        return self._clock() - self._since >= record.seconds

    def suspects(self, record: Record) -> bool:
        """Whether the record looks as if nobody renewed it. Clocks differ, so only watching it tells."""
        if self._changed:
            return False
        renewed = parsed(record.renewed)
        return renewed is None or abs((self._wall() - renewed).total_seconds()) > record.seconds
