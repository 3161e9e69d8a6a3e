# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One step of the module run_lock, for its two doors: the module and the action."""

from __future__ import annotations

import copy
import dataclasses

from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock.files import FileLock
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock.lease import NAMESPACE, LeaseLock
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock.lock import Record, release, take


def argument_spec() -> dict:
    spec = copy.deepcopy(AUTH_ARG_SPEC)
    spec.update(
        path={"type": "path"},
        lock_namespace={"type": "str", "default": NAMESPACE},
        timeout={"type": "int", "default": 900},
        optional={"type": "bool", "default": False},
        holder={"type": "dict"},
        dead={"type": "str", "default": ""},
        state={"type": "str", "choices": ["present", "absent"], "default": "present"},
    )
    return spec


def place_of(params: dict):
    """Where the lock is."""
    if params["path"]:
        return FileLock(params["path"])
    return LeaseLock({key: params[key] for key in AUTH_ARG_SPEC}, params["lock_namespace"])


def run(params: dict, place=None) -> dict:
    """Take, renew or release the lock once.

    params: those of the module. place: that of place_of(params), where it was made before.
    Returns {"held": whether the holder has it now, "by": who has it}; raises LockError.
    """
    place = place or place_of(params)
    me = Record(**params["holder"])
    if params["state"] == "absent":
        release(place, me)
        return {"held": False}
    by = take(place, me, params["dead"])
    return {"held": by.holder == me.holder, "by": dataclasses.asdict(by)}
