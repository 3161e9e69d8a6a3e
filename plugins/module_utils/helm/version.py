# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of helm_version_info. Private to the collection."""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm import program
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

ARGUMENTS = {
    "binary_path": {"type": "path", "default": "helm"},
    "required": {"type": "bool", "default": False},
    "variable": {"type": "str", "default": "binary_path"},
}


def run(params: dict, mode: Mode) -> dict:
    """The version of a Helm program; where it is required and cannot be used that is an error, in check mode a warning."""
    version, problem = program.version(params["binary_path"])
    refusal = program.refusal(version, problem, params["binary_path"], params["variable"]) if params["required"] else ""
    if refusal and not mode.check:
        raise WorkError(f"{refusal} Nothing was changed.", version=version)
    warnings = [f"A run would refuse Helm. {refusal}"] if refusal else []
    return {"version": version, "problem": problem, "warnings": warnings}
