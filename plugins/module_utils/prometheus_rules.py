# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of prometheus_rules_info. Private to the collection."""

from __future__ import annotations

import copy

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import connection
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.pod_commands import PodCommands
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.prometheus import promtool_message
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

try:
    import yaml
except ImportError:  # connection.py reports it
    yaml = None

# A terminal passes lines of 4095 characters, and longer ones are broken here at blanks.
WIDTH = 200
ARGUMENTS = {
    **copy.deepcopy(connection.ARGUMENTS),
    "namespace": {"type": "str", "required": True},
    "label_selector": {"type": "str", "required": True},
    "container": {"type": "str", "required": True},
    "groups": {"type": "list", "elements": "dict", "required": True},
    "timeout": {"type": "int", "default": 30},
}


def run(params: dict, mode: Mode) -> dict:
    """Have promtool beside a Prometheus that runs check the rules; raises WorkError where it refuses them."""
    try:
        with connection.connected_client(params) as client:
            rules = yaml.safe_dump({"groups": params["groups"]}, width=WIDTH, sort_keys=False)
            pods = PodCommands(client, params["namespace"])
            pod = pods.running(params["label_selector"], params["container"])
            if pod is None:
                return announce(params)
            command = ["promtool", "check", "rules"]
            code, printed = pods.run(pod, params["container"], command, rules, params["timeout"])
    except connection.Unreachable:
        raise
    except (WorkError, OSError) as error:
        raise WorkError(f"Prometheus could not be asked about the rules: {error}") from error
    message = promtool_message(printed)
    if code != 0:
        raise WorkError(f"Prometheus refuses the rules: {message or printed[-500:]}. Nothing was changed.")
    return {"checked": True, "message": message}


def announce(params: dict) -> dict:
    """No Prometheus runs that could be asked."""
    return {"checked": False, "message": ""}
