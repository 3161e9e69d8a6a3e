# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the work of a module under AnsibleModule. Private to the collection."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError, result_of


def run_module(work: t.Any) -> None:
    """work is described in work.py."""
    module = AnsibleModule(argument_spec=work.ARGUMENTS, supports_check_mode=True, **getattr(work, "CONSTRAINTS", {}))
    if getattr(work, "CLEAN_RESULT", False):
        module.no_log_values.clear()
    shown = {"invocation": {"module_args": work.masked(module.params)}} if hasattr(work, "masked") else {}
    try:
        result, finish = result_of(work, module.params, Mode(module.check_mode, module._diff)), module.exit_json
    except WorkError as error:
        result, finish = {"msg": str(error), **error.facts}, module.fail_json
    for warning in result.pop("warnings", ()):
        module.warn(warning)
    finish(**shown, **{"changed": False, **result})
