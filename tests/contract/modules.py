# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module as Ansible does, but in this process: same argument checks, same result."""

from __future__ import annotations

import importlib
import json
import typing as t
from unittest import mock

from ansible.module_utils import basic
from grafana_double.server import USER

_OURS = "runtime_security.kubernetes"


class _Finished(Exception):
    """Carries the result out of exit_json and fail_json."""


def _finish(_module: t.Any, **result: t.Any) -> t.NoReturn:
    raise _Finished({"changed": False, **result})


def _fail(_module: t.Any, msg: str, **result: t.Any) -> t.NoReturn:
    raise _Finished({"changed": False, **result, "failed": True, "msg": msg})


def run(
    module_name: str, address: str, /, check: bool = False, collection: str = _OURS, **params: t.Any
) -> dict[str, t.Any]:
    """The result of one run; with "failed" and "msg" when it failed."""
    connection = {"url": address, "url_username": USER[0], "url_password": USER[1], "timeout": 5}
    if collection != _OURS:
        del connection["timeout"]
    if "grafana_api_key" in params:
        del connection["url_username"], connection["url_password"]
    arguments = {**connection, **params, "_ansible_check_mode": check, "_ansible_diff": True}
    sent = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
    module = importlib.import_module(f"ansible_collections.{collection}.plugins.modules.{module_name}")
    # The profile is part of what a module of ansible-core 2.19 is sent; older ones do not look at it.
    warnings: list[str] = []
    with (
        mock.patch.object(basic.AnsibleModule, "warn", lambda _module, text: warnings.append(text)),
        mock.patch.object(basic, "_ANSIBLE_ARGS", sent),
        mock.patch.object(basic, "_ANSIBLE_PROFILE", "legacy", create=True),
        mock.patch.object(basic.AnsibleModule, "exit_json", _finish),
        mock.patch.object(basic.AnsibleModule, "fail_json", _fail),
    ):
        try:
            module.main()
        except _Finished as finished:
            return {**finished.args[0], "warnings": warnings}
    raise AssertionError(f"{module_name} ended without a result")
