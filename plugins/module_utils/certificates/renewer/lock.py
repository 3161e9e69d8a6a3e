# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock of the cluster, which playbooks take too: one of them and this pod works on a cluster at a time. Private to the collection."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import typing as t
import uuid

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.api import Api, ApiError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock.lease_object import (
    NAME,
    lease,
    record_of,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock.lock import (
    DURATION,
    RENEWAL,
    LockError,
    Record,
    Watch,
    release,
    take,
)

_EVERY_SECONDS = 2
# A lock that this process could not release is still its own.
_PROCESS = uuid.uuid4()


class LeasePlace:
    """The Lease, as take() and release() of run_lock/lock.py use it."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._api = api
        self._all = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._path = f"{self._all}/{NAME}"

    def read(self) -> tuple[Record | None, dict | None]:
        found = self._api.get(self._path)
        return (None if found is None else record_of(found)), found

    def write(self, record: Record, version: dict | None) -> bool:
        body = lease(record, version or {}, NAME)
        if version is None:
            return self._unless_changed("POST", self._all, body)
        return self._unless_changed("PUT", self._path, body)

    def remove(self, version: dict) -> bool:
        seen = {key: version["metadata"].get(key) for key in ("uid", "resourceVersion")}
        return self._unless_changed("DELETE", self._path, {"preconditions": seen})

    def _unless_changed(self, method: str, path: str, body: dict) -> bool:
        try:
            self._api.call(method, path, body)
        except ApiError as error:
            if error.status not in (404, 409):
                raise
            return error.status == 404 and method == "DELETE"
        return True


class Busy(LockError):
    """Somebody else works on the cluster."""


@contextlib.contextmanager
def held(place: LeasePlace, who: str) -> t.Iterator[t.Callable[[], None]]:
    """The lock, renewed meanwhile; gives a function that raises LockError once it was lost. Raises Busy where another run lives."""
    me = Record(holder=f"{who}-{_PROCESS}", user=who, host=os.uname().nodename, playbook="certificate renewal")
    _take(place, me)
    ends, lost = threading.Event(), threading.Event()
    renewal = threading.Thread(target=_renew, args=(place, me, ends, lost), daemon=True)
    renewal.start()

    def check() -> None:
        if lost.is_set():
            raise LockError("The lock of the cluster was lost. The next round goes on.")

    try:
        yield check
    finally:
        ends.set()
        renewal.join()
        with contextlib.suppress(ApiError, LockError):
            release(place, me)


def _take(place: LeasePlace, me: Record) -> None:
    """A holder that does not renew the lock for its whole duration is dead."""
    watch, deadline = Watch(), time.monotonic() + DURATION + RENEWAL
    found = take(place, me)
    while found.holder != me.holder:
        if watch.unrenewed(found):
            found = take(place, me, found.state())
            continue
        if not watch.suspects(found) or time.monotonic() > deadline:
            raise Busy(f"Another run works on this cluster: {found.described()}.")
        time.sleep(_EVERY_SECONDS)
        found = take(place, me)


def _renew(place: LeasePlace, me: Record, ends: threading.Event, lost: threading.Event) -> None:
    last = time.monotonic()
    while not ends.wait(RENEWAL):
        with contextlib.suppress(ApiError):
            if take(place, me).holder != me.holder:
                break
            last = time.monotonic()
        if time.monotonic() - last > DURATION - RENEWAL:
            break
    if not ends.is_set():
        lost.set()
