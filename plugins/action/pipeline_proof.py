# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import pipeline_proof
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.action_door import ActionDoor


class ActionModule(ActionDoor):
    """Runs the work of pipeline_proof in the worker."""

    work = pipeline_proof
