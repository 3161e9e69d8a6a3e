# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of helm_version_info. Private to the collection."""

from __future__ import annotations

import re
import subprocess

from ansible.module_utils.common.process import get_bin_path
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode

ARGUMENTS = {"binary": {"type": "path", "default": "helm"}}
# Characters of what a program that is not Helm prints.
SHORT = 200


def run(params: dict, mode: Mode) -> dict:
    """The version of a Helm program, or what stands in its way."""
    try:
        program = get_bin_path(params["binary"])
    except ValueError:
        return {"version": "", "said": "there is no such program"}
    done = subprocess.run(
        [program, "version", "--template", "{{.Version}}"], capture_output=True, text=True, check=False
    )
    match = re.match(r"v(\d+\.\d+\.\d+)", done.stdout)
    if match:
        return {"version": match.group(1), "said": ""}
    return {"version": "", "said": "it said %s" % ((done.stderr or done.stdout).strip()[:SHORT] or "nothing")}
