# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules of this collection without a Python of their own.

Ansible forks a worker for each task. For a module the worker packs an archive and starts a Python that unpacks it and loads
the Kubernetes client: most of a second, for a question that the API server answers in hundredths. Where that Python would
be the worker's own, on the same machine and for the same user, the worker does the module's work itself.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import io
import json
import os
import sys
from unittest import mock

from ansible.module_utils import basic
from ansible.plugins.action import ActionBase
from ansible.release import __version__ as core
from ansible.utils.display import Display

_PLUGINS = "ansible_collections.runtime_security.kubernetes.plugins"
# How arguments and results are written; the one that ansible-core has for Python.
_PROFILE = "legacy"
# How an action takes a module's result is nothing that ansible-core promises; make matrix tries these.
_TRIED = ("2.19.", "2.20.", "2.21.")


def _clients():
    """The pool in which kubernetes.core keeps clients, by what their keys say. The files of these go when the module ends,
    and with a loop the same worker runs the module again."""
    with contextlib.suppress(ImportError, AttributeError):
        return importlib.import_module("ansible_collections.kubernetes.core.plugins.module_utils.k8s.client")._pool
    return {}


class InWorker(ActionBase):
    """Runs the task's module here where that makes no difference, else as Ansible runs every module."""

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        if self._same_place(task_vars):
            return result | self._run_here(task_vars)
        return result | self._execute_module(task_vars=task_vars, wrap_async=self._task.async_val)

    def _same_place(self, task_vars):
        """Whether the module would find this machine, user, Python and environment."""
        return (
            core.startswith(_TRIED)
            and self._connection.transport == "local"
            and not self._connection.become
            and not self._task.delegate_to
            and not self._task.async_val
            and not any(self._task.environment)
            and self._templar.template(task_vars.get("ansible_python_interpreter")) == sys.executable
        )

    def _run_here(self, task_vars):
        name = self._task.action.rpartition(".")[2]
        Display().vvv(f"Runs {name} in the worker")
        args = dict(self._task.args)
        self._update_module_args(self._task.action, args, task_vars)
        from ansible.module_utils.common.json import Direction, get_module_encoder

        encoder = get_module_encoder(_PROFILE, Direction.CONTROLLER_TO_MODULE)
        encoded = json.dumps({"ANSIBLE_MODULE_ARGS": args}, cls=encoder).encode()
        module = importlib.import_module(f"{_PLUGINS}.modules.{name}")
        os.chdir(self._loader.get_basedir())
        with (
            # A worker ends without what was to happen at the end of a process: files with keys would stay.
            contextlib.ExitStack() as ends,
            mock.patch.dict(_clients()),
            mock.patch.object(atexit, "register", ends.callback),
            mock.patch.multiple(basic, _ANSIBLE_ARGS=encoded, _ANSIBLE_PROFILE=_PROFILE),
            contextlib.redirect_stdout(io.StringIO()) as printed,
            contextlib.suppress(SystemExit),
        ):
            module.main()
        result = self._parse_returned_data({"stdout": printed.getvalue(), "stderr": "", "rc": 0}, _PROFILE)
        # An object since 2.21.
        return result if isinstance(result, dict) else result.as_result_dict(for_round_trip=True)
