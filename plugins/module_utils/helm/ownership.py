# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which releases may be written or removed, and why others may not. Private to the collection.

Each function returns sentences, one for each problem, with the remedy.
"""

from __future__ import annotations

import typing as t

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm import records
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.evidence import Evidence, Owner
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.request import Request
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError


def taken(option: t.Any) -> t.Callable[[str], bool]:
    """Which releases that this collection does not manage are taken over: true for all, false for none, or names."""
    if isinstance(option, (list, tuple)):
        names = {str(name) for name in option}
        return lambda name: name in names
    try:
        everything = boolean(option)
    except TypeError:
        raise WorkError(
            f"take_ownership: no boolean and no list ({option}). Expected true, false or a list of names. Fix: set one of these."
        ) from None
    return lambda name: everything


def hidden(
    evidence: Evidence, namespace: str, variables: dict[str, str], takes: t.Callable[[str], bool] | None = None
) -> list[str]:
    """Releases of which cannot be seen whose they are; without takes, taking them over is no remedy."""
    found = [one.name for one in evidence.releases.values() if one.owner is Owner.HIDDEN]
    names = [name for name in found if takes is None or not takes(name)]
    if not names:
        return []
    account, place = _variable(variables, "kubeconfig"), _variable(variables, "namespace")
    take = f", or set {_variable(variables, 'take_ownership')} to true to take over what exists" if takes else ""
    return [
        f"Whether this collection manages {' or '.join(names)} in namespace {namespace} cannot be seen: the right to list secrets "
        "and configmaps there is missing. Nothing was changed. "
        f"Fix: grant it to the account of {account}, set {place} to another namespace{take}."
    ]


def foreign(evidence: Evidence, namespace: str, variables: dict[str, str], takes: t.Callable[[str], bool]) -> list[str]:
    """Releases that this collection does not manage and that are not taken over."""
    place, take = _variable(variables, "namespace"), _variable(variables, "take_ownership")
    return [
        f"Release {name} in namespace {namespace} was not installed by this collection. Expected none of that name, or one that "
        f"this collection manages. Nothing was changed. Fix: set {place} to another namespace, uninstall it (helm uninstall "
        f"{name} --namespace {namespace}), or set {take} to true to take it over."
        for name, found in evidence.releases.items()
        if found.owner is Owner.FOREIGN and not takes(name)
    ]


def elsewhere(evidence: Evidence, requests: list[Request], namespace: str, variables: dict[str, str]) -> list[str]:
    """Managed releases in other namespaces beside which there cannot be a second one."""
    place = _variable(variables, "namespace")
    return [
        f"Release {request.name} of this collection exists in namespace {other} already, and {request.one_per_cluster}. "
        f"Expected none but that in namespace {namespace}. Nothing was changed. Fix: set {place} to {other}, or uninstall that "
        "one first."
        for request in requests
        for other in evidence.elsewhere.get(request.name, [])
        if request.one_per_cluster
    ]


def unrecorded(reader: Reader, evidence: Evidence, namespace: str, variables: dict[str, str]) -> list[str]:
    """Releases that are to be made although workloads of them exist."""
    new = [one.name for one in evidence.releases.values() if one.owner is Owner.NOBODY and not one.marked]
    names = records.unrecorded(reader, new, namespace) if new else []
    place = _variable(variables, "namespace")
    return [
        f"Workloads of release {' and '.join(names)} exist in namespace {namespace}, and Helm has no record of it. Somebody may "
        f"keep its records elsewhere (HELM_DRIVER). Nothing was changed. Fix: set {place} to another namespace, or remove these "
        "workloads."
        for _once in names[:1]
    ]


def _variable(variables: dict[str, str], option: str) -> str:
    """The name under which a user has set an option."""
    return variables.get(option) or option
