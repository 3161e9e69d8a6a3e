# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import getpass
import hashlib
import json
import multiprocessing
import os
import re
import socket
import time

from ansible import context
from ansible.errors import AnsibleActionFail
from ansible.utils.display import Display
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock import process
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock import run as lock_work
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock.lease import NAMESPACE
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock.lock import LockError, Record, Watch
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.action_door import ActionDoor
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.older_templating import (
    typed_arguments,
    typed_value,
)
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.run_keeper import (
    note_of,
    release_at_the_end,
    start,
)

# Ansible loads this before it forks.
release_at_the_end()

# Seconds between looks at a lock that another run holds.
_EVERY = 1
_LONGEST = 86400
# A lock keeps runs apart only if all of its tasks agree, so they take these from the play.
_VARIABLES = {"timeout": "runtime_security_lock_timeout", "lock_namespace": "runtime_security_lock_namespace"}


class ActionModule(ActionDoor):
    """The controller's part of a lock: who the run is, waiting, and the keeper; the lock itself may be of another machine."""

    work = lock_work

    def run(self, tmp=None, task_vars=None):
        # Not that of ActionDoor: the module is one step of this.
        result = super(ActionDoor, self).run(tmp, task_vars)
        self._task.args = self._of_the_play(task_vars) | typed_arguments(self._task, self._templar, task_vars)
        refuse(self._task.args)
        try:
            params = self.parameters()
        except WorkError as error:
            return result | {"failed": True, "msg": str(error)}
        result.update(changed=False, held=False, note="")
        if self._task.check_mode:
            return result
        with contextlib.ExitStack() as ends:
            return result | self._held(Steps(self, params, task_vars, ends), params)

    def _of_the_play(self, task_vars):
        """Options by the variables of the play, where these are set."""
        return {
            option: typed_value(task_vars[variable], self._templar, task_vars)
            for option, variable in _VARIABLES.items()
            if variable in task_vars
        }

    def _held(self, steps, params):
        """Take the lock, and have it kept until the run ends."""
        note = note_of(steps.key())
        had = note.exists()
        if note.kept():
            return {"held": True, "note": str(note.path)}
        answer = wait(steps, params, had)
        if not answer.get("held"):
            return answer
        start(steps.alone(), steps.me.pid, steps.me.process_start, note)
        return {"held": True, "by": answer["by"], "note": str(note.path)}

    def on_host(self, params, task_vars):
        """One step as Ansible runs every module."""
        return self._execute_module("runtime_security.kubernetes.run_lock", params, task_vars=task_vars)

    def arguments(self):
        return dict(self._task.args)

    def host(self, task_vars):
        """Where the module runs."""
        return self._task.delegate_to or task_vars["inventory_hostname"]


class Steps:
    """Steps of a lock, in this worker or on the task's host."""

    def __init__(self, action, params, task_vars, ends):
        self._action = action
        self._params = params
        self._task_vars = task_vars
        self._ends = ends
        self._here = action.same_place(task_vars)
        self._place = None
        self.me = identity()

    def subject(self):
        """What is locked, in words."""
        if self._params["path"]:
            return f"path {self._params['path']}"
        return f"cluster {self._params['context'] or self._params['host'] or 'of the current context'}"

    def key(self):
        """A name for the lock within the run."""
        names = ("path", "kubeconfig", "context", "host", "lock_namespace")
        parts = [self._action.host(self._task_vars), *(self._params[name] for name in names)]
        return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:16]

    def step(self, state="present", dead=""):
        """What the module returns; with "failed" where it fails."""
        more = {"holder": vars(self.me), "dead": dead, "state": state}
        if not self._here:
            return self._action.on_host(self._action.arguments() | more, self._task_vars)
        try:
            self._place = self._place or self._ends.enter_context(lock_work.place_of(self._params))
            return lock_work.step(self._params | more, self._place)
        except LockError as error:
            return {"failed": True, "msg": str(error), "cause": error.cause}

    def alone(self):
        """The same for the keeper, which lives longer than the run's files."""
        if hasattr(self._place, "keep_in_memory"):
            self._place.keep_in_memory()
        return self.step


def refuse(arguments):
    """Refuse values before anything is asked, by the names of the variables that the roles have for them."""
    timeout, namespace = arguments.get("timeout", 0), arguments.get("lock_namespace", NAMESPACE)
    if not re.fullmatch("[0-9]{1,5}", str(timeout)) or int(timeout) > _LONGEST:
        raise AnsibleActionFail(
            f"runtime_security_lock_timeout: out of range ({timeout!r}). Expected whole seconds from 0 to {_LONGEST}. Fix: set it "
            "to for example 900, or to 0 to fail at once when another run is at work."
        )
    if not isinstance(namespace, str) or not re.fullmatch("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", namespace):
        raise AnsibleActionFail(
            f"runtime_security_lock_namespace: no name of a namespace ({namespace!r}). Expected a DNS-1123 label "
            "(lower-case letters, digits, '-', at most 63 characters). Fix: set it to for example default."
        )


def identity():
    """This run, as others see it. It is the process of ansible-playbook; a task mostly runs in one that it forked."""
    parent = multiprocessing.parent_process()
    pid = parent.pid if parent else os.getpid()
    begun, machine = process.start_of(pid), process.machine()
    host = socket.gethostname()
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        # In a container a user may have a number only.
        user = str(os.getuid())
    names = [os.path.basename(path) for path in context.CLIARGS.get("args") or ()]
    return Record(
        holder=f"{user}@{host}/{pid}/{hashlib.sha256(f'{machine} {begun}'.encode()).hexdigest()[:16]}",
        user=user,
        host=host,
        machine=machine,
        pid=pid,
        process_start=begun,
        playbook=", ".join(names),
    )


def wait(steps, params, had):
    """Take the lock, as soon as nobody else has it; returns what the last step did.

    had: whether this run held it before.
    """
    end = time.monotonic() + params["timeout"]
    watch, announced, dead = Watch(), None, ""
    while True:
        answer = steps.step(dead=dead)
        if answer.get("failed"):
            return without(steps, answer) if params["optional"] else answer
        if answer["held"]:
            return answer
        by = Record(**answer["by"])
        if had:
            return {"failed": True, "msg": lost(steps, by)}
        dead = by.state() if is_dead(by, steps.me, watch) else ""
        if dead:
            Display().display(
                f"Takes over the lock of {steps.subject()} from {by.described()}: it was not released, and is dead."
            )
            continue
        if time.monotonic() >= end and not watch.suspects(by):
            return {"failed": True, "msg": held(steps, by, params["timeout"])}
        if announced != by.holder:
            announced = by.holder
            Display().display(waiting(steps, by, end - time.monotonic()))
        time.sleep(_EVERY)


def is_dead(by, me, watch):
    """Whether a holder is known to be gone."""
    unrenewed = watch.unrenewed(by)
    return unrenewed or (by.pid > 0 and by.machine == me.machine and process.has_ended(by.pid, by.process_start))


def waiting(steps, by, seconds):
    return f"Waits for {by.described()}, which holds the lock of {steps.subject()}; for {max(0, round(seconds))} s at most."


def held(steps, by, timeout):
    return (
        f"run_lock: another run holds the lock of {steps.subject()} ({by.described()}). Expected it to end within "
        f"runtime_security_lock_timeout ({timeout} s). This run has changed nothing there. Fix: run again when that run "
        "has ended, or set runtime_security_lock_timeout to more seconds."
    )


def lost(steps, by):
    return (
        f"run_lock: this run has lost the lock of {steps.subject()} to another run ({by.described()}), as it could not be renewed "
        "for more than 30 s. Expected to hold it to the end of the run. Fix: look why the API server did not answer, and run again "
        "when that run has ended."
    )


def without(steps, answer):
    """Go on without the lock of a cluster that is not there, as no other run can work on it."""
    if answer.get("cause") == "unknown":
        return {}
    if answer.get("cause") == "unanswered":
        return {"warnings": [f"No lock of {steps.subject()} was taken. {answer['msg']}"]}
    return answer
