# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the work of a module in Ansible's worker.

Ansible forks a worker for each task. For a module the worker packs an archive and starts a Python that unpacks it and loads
the Kubernetes client: most of a second, for a question that the API server answers in hundredths. Where that Python would
be the worker's own, on the same machine and for the same user, the worker does the work itself. Everything else runs the
module, as Ansible does. Ansible loads an action before it forks, so each worker has the client already.
"""

from __future__ import annotations

import gc
import os
import sys

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.errors import UnsupportedError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError, result_of
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.older_templating import typed_arguments
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.plain import plain


class ActionDoor(ActionBase):
    """A subclass names its work, which module_utils/work.py describes."""

    work = None

    def __init_subclass__(cls, **words):
        """Ansible loads an action before it forks the task's worker.

        What is loaded by then stays, so no worker's collector has to go through it, and copy its pages by that. Python has
        gc.freeze() for processes that fork.
        """
        super().__init_subclass__(**words)
        gc.freeze()

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        self._task.args = typed_arguments(self._task, self._templar, task_vars)
        if self.same_place(task_vars):
            return result | self._run_here()
        return result | self._run_there(task_vars)

    def _run_there(self, task_vars):
        no_log = self._task.no_log
        # With this the machine's syslog does not get the arguments. The result is shown all the same.
        self._task.no_log = no_log or hasattr(self.work, "masked")
        try:
            return self._execute_module(task_vars=task_vars, wrap_async=self._task.async_val)
        finally:
            self._task.no_log = no_log

    def same_place(self, task_vars):
        """Whether the module would find this machine, user, Python and environment."""
        return (
            self._connection.transport == "local"
            and not self._connection.become
            and not self._task.delegate_to
            and not self._task.async_val
            and not any(self._task.environment)
            and same_python(self._templar.template(task_vars.get("ansible_python_interpreter")), sys.executable)
        )

    def parameters(self):
        """The task's arguments by the work's specification; raises WorkError where they do not fit."""
        validator = ArgumentSpecValidator(self.work.ARGUMENTS, **getattr(self.work, "CONSTRAINTS", {}))
        checked = validator.validate(plain(self._task.args))
        if checked.error_messages:
            # AnsibleModule's words.
            unknown = isinstance(checked.errors[0], UnsupportedError)
            prefix = f"Unsupported parameters for ({self._task.action}) module: " if unknown else ""
            raise WorkError(prefix + checked.errors.msg)
        return checked.validated_parameters

    def _run_here(self):
        Display().vvv(f"Runs {self._task.action} in the worker")
        # Relative paths are relative to the playbook, as for a module.
        os.chdir(self._loader.get_basedir())
        try:
            params = self.parameters()
        except WorkError as error:
            hidden = secrets(plain(self._task.args), self.work.ARGUMENTS)
            return remove_values({"changed": False, "failed": True, "msg": str(error)}, hidden)
        try:
            result = result_of(self.work, params, Mode(self._task.check_mode, self._task.diff))
        except WorkError as error:
            result = {"failed": True, "msg": str(error), **error.facts}
        if not result.get("warnings"):
            result.pop("warnings", None)
        clean = getattr(self.work, "CLEAN_RESULT", False)
        hidden = set() if clean else secrets(params, self.work.ARGUMENTS)
        shown = self.work.masked(params) if hasattr(self.work, "masked") else params
        return remove_values({"changed": False, **result, "invocation": {"module_args": shown}}, hidden)


def same_python(one, other):
    """Whether two paths are names of one Python, such as python3 and python in one environment's folder."""
    return one == other or (
        bool(one)
        and os.path.dirname(one) == os.path.dirname(other)
        and os.path.realpath(one) == os.path.realpath(other)
    )


def secrets(params, arguments):
    """The strings of the options that the specification marks no_log, wherever they are."""
    found = set()
    for name, spec in arguments.items():
        value = params.get(name)
        if spec.get("no_log"):
            found |= set(strings(value))
        elif spec.get("options"):
            for inner in value if isinstance(value, list) else [value]:
                found |= secrets(inner, spec["options"]) if isinstance(inner, dict) else set()
    return found


def strings(value):
    """Each string in a value."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [text for inner in value for text in strings(inner)]
    return [str(value)] if value not in (None, "", True, False) else []
