# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the work of a module and its two doors agree on. Private to the collection.

The work of a module is a Python module in module_utils with

- ``ARGUMENTS``: the argument specification, as AnsibleModule takes it;
- ``CONSTRAINTS`` (optional): mutually_exclusive, required_if and the like, as AnsibleModule takes them;
- ``run(params, mode) -> dict``: does the work and returns the module's result, or raises WorkError;
- ``announce(params) -> dict`` (optional): the result in check mode where no cluster answers, as before the cluster of a first
  run exists. Without it, no answer is an error in check mode too;
- ``masked(params) -> dict`` (optional): the parameters as they may be printed, for a module that is given secrets in places
  that the argument specification cannot mark with no_log. Neither door shows or logs others then;
- ``CLEAN_RESULT = True`` (optional): what ``run`` returns, and ``masked``, has no value of an option that is marked no_log. The
  doors then do not search it for them: that takes out every word of theirs, also names of releases.

A result's ``warnings`` are shown as Ansible's.

plugins/modules/NAME.py runs it under AnsibleModule (module_door.py); plugins/action/NAME.py runs it in Ansible's worker where
machine, user and Python are the same (plugin_utils/action_door.py).
"""

from __future__ import annotations

import typing as t


class Mode(t.NamedTuple):
    """How a task runs."""

    check: bool = False
    diff: bool = False


class WorkError(Exception):
    """The task fails; facts are further keys of its result."""

    def __init__(self, message: str, **facts: t.Any) -> None:
        super().__init__(message)
        self.facts = facts


class Unreachable(WorkError):
    """No cluster answers; nothing was changed."""


def variable(params: dict, option: str) -> str:
    """The name under which a user has set an option: a role names its variables in the option variables."""
    return params["variables"].get(option) or option


def result_of(work: t.Any, params: dict, mode: Mode) -> dict:
    """What the work returns; in check mode without a cluster what it would do once there is one."""
    try:
        return work.run(params, mode)
    except Unreachable:
        if not mode.check or not hasattr(work, "announce"):
            raise
        return work.announce(params)
