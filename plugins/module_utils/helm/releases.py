# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of helm_releases. Private to the collection."""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import connection
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import UnclearAnswer
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm import absent, present
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.environment import environment
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.task import Task
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.owned_objects import NotOurs
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

_RELEASE = {
    "name": {"type": "str", "required": True},
    "chart": {"type": "str"},
    "repository": {"type": "str", "default": ""},
    "version": {"type": "str", "default": ""},
    "values": {"type": "dict", "default": {}},
    "variables": {"type": "dict", "default": {}},
    "remedies": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"said": {"type": "str", "required": True}, "remedy": {"type": "str", "required": True}},
    },
    "one_per_cluster": {"type": "str", "default": ""},
}
ARGUMENTS = {
    **connection.ARGUMENTS,
    "namespace": {"type": "str", "required": True},
    # Values may be secrets, and no result has one: what is returned need not be searched for them.
    "releases": {"type": "list", "elements": "dict", "required": True, "options": _RELEASE, "no_log": True},
    "state": {"type": "str", "choices": ["present", "absent", "validated"], "default": "present"},
    "take_ownership": {"type": "raw", "default": False},
    "binary_path": {"type": "path", "default": "helm"},
    "variables": {"type": "dict", "default": {}},
}
CLEAN_RESULT = True
_STATES = {"present": present.present, "validated": present.validated, "absent": absent.absent}


def run(params: dict, mode: Mode) -> dict:
    """What was done with each release, or would be in check mode."""
    with connection.connected_client(params) as client, environment(params) as found:
        task = Task(params, mode, client, *found)
        try:
            return _STATES[params["state"]](task)
        except UnclearAnswer as error:
            raise WorkError(f"What the cluster answers is not clear, and nothing more was changed. {error}") from error
        except NotOurs as error:
            raise WorkError(str(error)) from error


def masked(params: dict) -> dict:
    """The parameters without values and credentials."""
    releases = [{key: value for key, value in one.items() if key != "values"} for one in params["releases"]]
    hidden = [name for name, spec in ARGUMENTS.items() if spec.get("no_log") and name != "releases"]
    return {name: value for name, value in params.items() if name not in hidden} | {"releases": releases}


def announce(params: dict) -> dict:
    """What a run would do once there is a cluster."""
    names, state = [release["name"] for release in params["releases"]], params["state"]
    action = {"present": "installed", "absent": "uninstalled", "validated": "unchanged"}[state]
    words = {
        "present": "Would install the releases {0} into namespace {1}.",
        "absent": "Would uninstall the releases {0} from namespace {1}, if this collection manages them.",
        "validated": "Would validate the releases {0} in namespace {1}.",
    }
    return {
        "changed": state != "validated" and bool(names),
        "msg": words[state].format(" and ".join(names), params["namespace"]),
        "releases": {
            name: {
                "action": action,
                "status": "",
                "revision": 0,
                "chart": "",
                "version": "",
                "managed": None,
                "outdated": True,
            }
            for name in names
        },
    }
