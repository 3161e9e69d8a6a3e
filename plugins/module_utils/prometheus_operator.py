# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of prometheus_operator. Private to the collection."""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import connection, k8s_objects
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader, UnclearAnswer
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm import releases as helm
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.owned_objects import (
    OWNER,
    Remover,
    is_ending,
    is_owned,
    place,
    settled,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

ARGUMENTS = {
    **connection.ARGUMENTS,
    "namespace": {"type": "str", "required": True},
    "release": {"type": "str", "default": "prometheus"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "binary_path": {"type": "path", "default": "helm"},
    "wait_timeout": {"type": "int", "default": 120},
    "variables": {"type": "dict", "default": {}},
}
GROUP = "monitoring.coreos.com"
_DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"prometheuses.{GROUP}"},
}
# The record that the definitions came with the release.
_RECORD = "prometheus-operator-definitions"
# On our claims: Kubernetes replaces labels of theirs that the operator's StatefulSet selects by, as app.kubernetes.io/managed-by.
_RELEASE = "runtime-security/release"


def run(params: dict, mode: Mode) -> dict:
    """Prepare for the operator's chart, or remove what it left."""
    with connection.connected_client(params) as client:
        reader = Reader(client)
        try:
            return (absent if params["state"] == "absent" else present)(reader, params, mode)
        except UnclearAnswer as error:
            raise WorkError(f"What the cluster answers is not clear, and nothing more was changed. {error}") from error


def announce(params: dict) -> dict:
    """In a cluster that does not exist yet the definitions come with the release."""
    return _result(params["state"] == "present")


def present(reader: Reader, params: dict, mode: Mode) -> dict:
    """Record that the definitions come with the release, and uninstall one that could not bring them any more."""
    _require_definitions(reader)
    found = settled(reader, _DEFINITION, 0 if mode.check else params["wait_timeout"])
    if found is not None and not is_ending(found):
        return _result(False)
    record = {**_record(params), "data": {"group": GROUP}}
    asked = {"owner": OWNER, "state": "present", "wait_timeout": params["wait_timeout"]}
    (change,) = k8s_objects.write(reader, [record], asked, mode.check)
    done = helm.run(_helm_options(params), mode)
    gone = [name for name, one in done["releases"].items() if one["action"] == "uninstalled"]
    return _result(change.changed or done["changed"], uninstalled=gone)


def absent(reader: Reader, params: dict, mode: Mode) -> dict:
    """Remove the claims of its Prometheus, and the definitions if they came with the release and have no object left."""
    ours = {_RELEASE: params["release"]}
    removed = k8s_objects.remove(reader, [_claims(params)], {**_removal(params), "owner": ours}, mode.check)
    names = [change.place for change in removed]
    record = reader.one("ConfigMap", "v1", _RECORD, params["namespace"])
    if record is not None and is_owned(record, OWNER):
        unused = unused_definitions(reader, params, mode)
        if not mode.check:
            Remover(reader, params["wait_timeout"], wait=True).remove(unused)
        names += [place(one) for one in unused]
        k8s_objects.remove(reader, [_record(params)], _removal(params), mode.check)
        names.append(place(_record(params)))
    return _result(bool(names), removed=names)


def unused_definitions(reader: Reader, params: dict, mode: Mode) -> list[dict]:
    """The operator's definitions of which no object exists: with a definition go all objects of its kind, whoever made them."""
    _require_definitions(reader)
    listed = reader.all(_DEFINITION["kind"], _DEFINITION["apiVersion"])
    # In check mode objects of the release still exist.
    ours = {"app.kubernetes.io/instance": params["release"], **OWNER} if mode.check else {}
    others = ",".join(f"{key}!={value}" for key, value in ours.items())
    unused = []
    for one in listed:
        if one["spec"]["group"] != GROUP or is_ending(one):
            continue
        versions = one["spec"]["versions"]
        served = next((version for version in versions if version.get("served")), versions[0])
        kind, version = one["spec"]["names"]["kind"], f"{GROUP}/{served['name']}"
        if reader.resource(kind, version) is None:
            raise UnclearAnswer(f"kind {version} {kind}: the cluster does not list it, and objects of it may exist.")
        if not reader.all(kind, version, labels=others, metadata_only=True):
            unused.append({**one, "apiVersion": _DEFINITION["apiVersion"], "kind": _DEFINITION["kind"]})
    return unused


def _require_definitions(reader: Reader) -> None:
    """Each API server has definitions; an answer that does not know their kind is unclear."""
    if reader.resource(_DEFINITION["kind"], _DEFINITION["apiVersion"]) is None:
        raise UnclearAnswer("kind CustomResourceDefinition: the cluster does not list it, and objects of it may exist.")


def _claims(params: dict) -> dict:
    """All claims of a Prometheus of the operator."""
    labels = {"operator.prometheus.io/name": params["release"]}
    metadata = {"namespace": params["namespace"], "labels": labels}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata}


def _record(params: dict) -> dict:
    metadata = {"namespace": params["namespace"], "name": _RECORD, "labels": dict(OWNER)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def _removal(params: dict) -> dict:
    """Options of k8s_objects."""
    return {"owner": OWNER, "wait": True, "wait_timeout": params["wait_timeout"]}


def _helm_options(params: dict) -> dict:
    shared = {key: params.get(key) for key in (*connection.ARGUMENTS, "binary_path", "namespace", "variables")}
    return {**shared, "state": "absent", "releases": [{"name": params["release"]}], "take_ownership": False}


def _result(changed: bool, uninstalled: list[str] | None = None, removed: list[str] | None = None) -> dict:
    return {"changed": changed, "uninstalled": uninstalled or [], "removed": removed or []}
