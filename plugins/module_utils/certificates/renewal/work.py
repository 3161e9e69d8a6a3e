# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of k8s_certificate_renewal. Private to the collection."""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import connection, k8s_objects
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import work as certificates
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewal.objects import (
    everything,
    labels,
    objects,
    unwanted,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader, UnclearAnswer
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.object_writer import Refused
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock.lease_object import NAMESPACE
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

_NAMED = {"namespace": {"type": "str", "required": True}, "name": {"type": "str", "required": True}}
ARGUMENTS = {
    **connection.ARGUMENTS,
    **{key: certificates.ARGUMENTS[key] for key in ("renew_before_days", "owner")},
    **_NAMED,
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "ca": {**certificates.ARGUMENTS["ca"], "required": False},
    "certificates": {**certificates.ARGUMENTS["certificates"], "required": False, "default": []},
    "sign": {"type": "bool", "default": True},
    "workloads": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            **_NAMED,
            "kind": {"type": "str", "choices": ["Deployment", "DaemonSet", "StatefulSet"], "required": True},
            "annotations": {"type": "dict", "default": {}},
            "shown": {"type": "dict", "default": {}},
            "trusted": {"type": "dict", "default": {}},
        },
    },
    "servers": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "certificate": {"type": "str", "required": True},
            "host": {"type": "str", "required": True},
            "port": {"type": "int", "required": True},
        },
    },
    "data_sources": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"uid": {"type": "str", "required": True}, "certificate": {"type": "str", "required": True}},
    },
    "grafana": {
        "type": "dict",
        "options": {
            "namespace": {"type": "str", "required": True},
            "service": {"type": "str", "default": "grafana"},
            # Names of Secrets are no secrets.
            "admin_secret": {"type": "str", "default": "grafana-admin", "no_log": False},
            "ca_secret": {"type": "str", "default": "", "no_log": False},
        },
    },
    "image": {"type": "str"},
    "interval": {"type": "int", "default": 300},
    "timeout": {"type": "int", "default": 600},
    "network_policy": {"type": "bool", "default": True},
    "metrics_namespace": {"type": "str", "default": "monitoring"},
    "monitor_labels": {"type": "dict"},
    "lock_namespace": {"type": "str", "default": NAMESPACE},
    "namespaces": {"type": "list", "elements": "str", "default": []},
}
CONSTRAINTS = {"required_if": [("state", "present", ("ca", "certificates", "image"))]}


def run(params: dict, mode: Mode) -> dict:
    """Create, change or remove the pod that renews the certificates, and its rights."""
    params = settled(params)
    owned = {**params, "owner": labels(params)}
    definitions = everything(params) if params["state"] == "absent" else objects(params)
    with connection.connected_client(params) as client:
        reader = Reader(client)
        try:
            if params["state"] == "absent":
                changes = k8s_objects.remove(reader, definitions, owned, mode.check)
            else:
                changes = k8s_objects.write(reader, definitions, owned, mode.check)
                changes += k8s_objects.remove(reader, unwanted(params), owned, mode.check)
        except Refused as error:
            # Who may not grant rights has not asked for this pod.
            raise WorkError(
                f"{error} Or leave renewal to the next run (for the roles: runtime_security_certificate_renewal: false)."
            ) from error
        except UnclearAnswer as error:
            raise WorkError(f"What the cluster answers is not clear, and nothing more was changed. {error}") from error
    return k8s_objects.result(changes, mode)


def announce(params: dict) -> dict:
    """In a cluster that does not exist yet all of it is new."""
    params = settled(params)
    return k8s_objects.announced([] if params["state"] == "absent" else objects(params))


def masked(params: dict) -> dict:
    """The parameters as they may be printed: a CA's key is not among them."""
    return {
        **params,
        "ca": {key: value for key, value in (params["ca"] or {}).items() if key not in ("certificate", "key")},
    }


def settled(params: dict) -> dict:
    """The options for objects.py. What was given stays with its giver: neither its key nor a right to sign gets into the cluster."""
    given = [*([params["ca"]] if params["ca"] else []), *params["certificates"]]
    signs = params["sign"] and not any(one["certificate"] or one["key"] for one in given)
    without = [{**one, "certificate": None, "key": None} for one in params["certificates"]]
    found = {
        **params,
        "signs": signs,
        "renew": [],
        "ca": params["ca"] and {**params["ca"], "certificate": None, "key": None},
    }
    found.update(certificates=without, wait=False, wait_timeout=120, exact=True)
    faults = [] if params["state"] == "absent" else _faults(found)
    if faults:
        raise WorkError(f"{' '.join(faults)} Nothing was changed.")
    return found


def _faults(params: dict) -> list[str]:
    names = {one["name"] for one in params["certificates"]}
    used = [(f"servers[{index}].certificate", one["certificate"]) for index, one in enumerate(params["servers"])]
    used += [
        (f"data_sources[{index}].certificate", one["certificate"]) for index, one in enumerate(params["data_sources"])
    ]
    for one in params["workloads"]:
        used += [
            (f"workloads {one['name']}", name)
            for key in ("annotations", "shown", "trusted")
            for name in one[key].values()
        ]
    faults = [
        f"{where}: there is no certificate {name}. Expected one of {', '.join(sorted(names))}. Fix: name one of them."
        for where, name in used
        if name not in names
    ]
    if params["data_sources"] and not params["grafana"]:
        faults.append(
            "grafana: missing. Expected Grafana's namespace and Secrets, as there are data_sources. Fix: set it."
        )
    if params["interval"] < 1:
        faults.append(
            f"interval: has to be positive ({params['interval']}). Expected seconds between two rounds. Fix: set 1 or more."
        )
    return faults
