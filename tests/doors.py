# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module of the collection by either of its doors, in this process; both return the task's result."""

from __future__ import annotations

import importlib
import io
import json
import sys
import typing as t
from contextlib import redirect_stdout
from types import SimpleNamespace
from unittest import mock

from ansible.module_utils import basic
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

PLUGINS = "ansible_collections.runtime_security.kubernetes.plugins"


class Loader(SimpleNamespace):
    """As much of Ansible's as a door asks."""

    def get_basedir(self) -> str:
        return self.folder


def action_of(name: str) -> type:
    return importlib.import_module(f"{PLUGINS}.action.{name}").ActionModule


def by_action(name: str, args: dict, folder: str, check: bool = False) -> dict:
    """What the action returns that runs the work here."""
    task = SimpleNamespace(
        action=f"runtime_security.kubernetes.{name}",
        args=args,
        # What older_templating.py reads under ansible-core 2.18 and older.
        _parent=SimpleNamespace(module_defaults=[], _play=SimpleNamespace(_action_groups={})),
        resolved_action=f"runtime_security.kubernetes.{name}",
        untemplated_args=args,
        async_val=0,
        check_mode=check,
        delegate_to=None,
        diff=True,
        environment=[],
        no_log=False,
    )
    connection = mock.Mock(transport="local", become=None)
    templar = Templar(DataLoader())
    action = action_of(name)(task, connection, mock.Mock(), Loader(folder=folder), templar, mock.Mock())
    return action.run(task_vars={"ansible_python_interpreter": sys.executable, "omit": "__omitted"})


def by_module(name: str, args: dict, check: bool = False) -> dict:
    """What the module prints."""
    given = args | {
        "_ansible_check_mode": check,
        "_ansible_diff": True,
        "_ansible_module_name": f"runtime_security.kubernetes.{name}",
    }
    if "inject_invocation" in basic.PASS_VARS:
        # From ansible-core 2.20 on a module returns it when it is asked to.
        given["_ansible_inject_invocation"] = True
    sent = json.dumps({"ANSIBLE_MODULE_ARGS": given}).encode()
    module: t.Any = importlib.import_module(f"{PLUGINS}.modules.{name}")
    # The profile is part of what a module of ansible-core 2.19 is sent; older ones do not look at it.
    with (
        mock.patch.object(basic, "_ANSIBLE_ARGS", sent),
        mock.patch.object(basic, "_ANSIBLE_PROFILE", "legacy", create=True),
        redirect_stdout(io.StringIO()) as printed,
    ):
        try:
            module.main()
        except SystemExit:
            return json.loads(printed.getvalue())
    raise AssertionError(f"{name} ended without a result")


def without_patience(monkeypatch: t.Any) -> None:
    """The Grafana modules that are loaded by now do not wait where nobody listens."""
    for module in list(sys.modules.values()):
        if hasattr(module, "PATIENCE") and "grafana" in module.__name__:
            monkeypatch.setattr(module, "PATIENCE", 0)
