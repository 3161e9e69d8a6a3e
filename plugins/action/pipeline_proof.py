# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible.utils.display import Display
from ansible_collections.runtime_security.kubernetes.plugins.filter.proof_table import proof_table
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import pipeline_proof
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.action_door import ActionDoor


class ActionModule(ActionDoor):
    """Runs the work of pipeline_proof in the worker, and shows the proof.

    A task that shows it would print a list in the output's format, or need an item, and so a template, for each line.
    """

    work = pipeline_proof

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        # In check mode there is none.
        if result.get("proof"):
            for line in proof_table(result["proof"], result["skipped_checks"]):
                Display().display(line)
        return result
