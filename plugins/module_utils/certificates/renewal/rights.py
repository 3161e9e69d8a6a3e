# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the account of the pod that renews certificates may do: with its own Secrets and workloads, and nothing else. Private to the collection."""

from __future__ import annotations

import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.workloads import (
    RESOURCES,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.wanted import Place, Wanted
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock.lease_object import NAME

Rules = dict[str, list[dict]]


def rules(params: dict, declared: Wanted) -> Rules:
    """The rules of a Role in each namespace."""
    found: Rules = {}
    for namespace, names in _by_namespace(declared.places).items():
        verbs = ["delete", "get", "update"] if params["signs"] else ["get"]
        _add(found, namespace, "", "secrets", verbs, names)
        if params["signs"]:
            # A right to create cannot name what is created; what exists is not changed by it.
            _add(found, namespace, "", "secrets", ["create"])
    for one in params["workloads"]:
        _add(found, one["namespace"], "apps", RESOURCES[one["kind"]], ["get", "patch"], [one["name"]])
    grafana = params["grafana"] or {}
    if params["data_sources"]:
        names = [name for name in (grafana["admin_secret"], grafana["ca_secret"]) if name]
        _add(found, grafana["namespace"], "", "secrets", ["get"], names)
        _add(found, grafana["namespace"], "", "services", ["get"], [grafana["service"]])
    _add(found, params["lock_namespace"], "coordination.k8s.io", "leases", ["delete", "get", "update"], [NAME])
    _add(found, params["lock_namespace"], "coordination.k8s.io", "leases", ["create"])
    return found


def _by_namespace(places: t.Iterable[Place]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for place in places:
        found.setdefault(place.namespace, []).append(place.secret)
    return found


def _add(
    found: Rules, namespace: str, group: str, resource: str, verbs: list[str], names: list[str] | None = None
) -> None:
    rule = {"apiGroups": [group], "resources": [resource], "verbs": verbs}
    found.setdefault(namespace, []).append({**rule, "resourceNames": sorted(names)} if names else rule)
