# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of run_lock: one step of a lock. Private to the collection."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import connection
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock.files import FileLock
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock.lease import NAMESPACE, LeaseLock
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock.lock import (
    LockError,
    Record,
    release,
    take,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, Unreachable, WorkError

try:
    from kubernetes.config import ConfigException
except ImportError:  # connection.py reports it
    ConfigException = OSError

ARGUMENTS = {
    **copy.deepcopy(connection.ARGUMENTS),
    "path": {"type": "path"},
    "lock_namespace": {"type": "str", "default": NAMESPACE},
    "timeout": {"type": "int", "default": 900},
    "optional": {"type": "bool", "default": False},
    "holder": {"type": "dict"},
    "dead": {"type": "str", "default": ""},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


@contextlib.contextmanager
def place_of(params: dict) -> t.Iterator[t.Any]:
    """Where the lock is; raises LockError where that cannot be reached."""
    if params["path"]:
        yield FileLock(params["path"])
        return
    with contextlib.ExitStack() as ends:
        try:
            client = ends.enter_context(connection.connected_client(params))
        except Unreachable as error:
            cause = "unknown" if isinstance(error.__cause__, ConfigException) else "unanswered"
            raise LockError(str(error), cause) from error
        except WorkError as error:
            raise LockError(str(error)) from error
        yield LeaseLock(client, params["lock_namespace"])


def step(params: dict, place: t.Any) -> dict:
    """Take, renew or release the lock once.

    Returns {"held": whether the holder has it now, "by": who has it}; raises LockError.
    """
    me = Record(**params["holder"])
    if params["state"] == "absent":
        release(place, me)
        return {"held": False}
    by = take(place, me, params["dead"])
    return {"held": by.holder == me.holder, "by": dataclasses.asdict(by)}


def run(params: dict, mode: Mode) -> dict:
    """One step for a holder that the action names; without one there is nobody who could hold it."""
    if mode.check or not params["holder"]:
        return {"held": False, "note": ""}
    with place_of(params) as place:
        return {"note": "", **step(params, place)}
