# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of loki_deployment. Private to the collection."""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import connection, k8s_objects
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader, UnclearAnswer
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm import evidence, ownership
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm import releases as helm
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.loki import existing
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.loki.existing import Existing, on_s3
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.loki.requirements import (
    require_secret,
    require_storage_class,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.loki.schema import periods
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.owned_objects import OWNER
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

ARGUMENTS = {
    **connection.ARGUMENTS,
    "namespace": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "kind": {"type": "str", "default": ""},
    "volume": {"type": "str", "default": ""},
    "storage_class": {"type": "str", "default": ""},
    "agents": {"type": "list", "elements": "str", "choices": list(existing.AGENTS), "required": True},
    "s3_secret": {"type": "str", "default": "", "no_log": False},
    "replace": {"type": "bool", "default": False},
    "take_ownership": {"type": "bool", "default": False},
    "binary_path": {"type": "path", "default": "helm"},
}
_END_OF_LIFE = (
    "loki_stack_agent: Promtail has reached its end of life in March 2026, and loses lines when it stops while Loki is unavailable "
    "(promtail). Expected otel. Fix: set it to 'otel'; its first run reads the log files from their beginning, and Loki keeps each line once."
)
# What Helm leaves of the chart loki-stack. The label records whose it is, also for the next run.
_CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "storage-loki-0", "labels": {"runtime-security/release": "loki"}},
}
_WAIT = 120
_ENDS = (
    "loki_stack_mode: simple_scalable ends with Loki 4.0. Set it to monolithic (three replicas with loki_stack_s3_bucket) or distributed "
    "with the same bucket and loki_stack_replace true: the lines in S3 stay."
)


def run(params: dict, mode: Mode) -> dict:
    """Check what exists against what is asked for, and uninstall what cannot stay."""
    with connection.connected_client(params) as client:
        task = _Task(params, mode, Reader(client))
        try:
            return task.absent() if params["state"] == "absent" else task.present()
        except UnclearAnswer as error:
            raise WorkError(f"What the cluster answers is not clear, and nothing more was changed. {error}") from error


def announce(params: dict) -> dict:
    """In a cluster that does not exist yet nothing has to go."""
    return {"changed": False, "existing": "", "uninstalled": [], "schema_periods": []}


class _Task:
    def __init__(self, params: dict, mode: Mode, reader: Reader) -> None:
        self._params, self._mode, self._reader = params, mode, reader
        self._namespace = params["namespace"]
        self._claim = {**_CLAIM, "metadata": {**_CLAIM["metadata"], "namespace": self._namespace}}

    def present(self) -> dict:
        params = self._params
        found = existing.by_revisions(self._reader, self._namespace)
        if params["s3_secret"]:
            require_secret(self._reader, self._namespace, params["s3_secret"])
        if params["kind"].endswith(" claim") and found.kind != params["kind"]:
            require_storage_class(self._reader, params["storage_class"])
        reason = self._obstacle(found)
        kept = periods(self._reader, self._namespace, params["kind"]) if self._keeps_lines(found) else []
        # Two agents would send each line twice.
        names = [name for name in found.agents if name not in params["agents"]]
        if reason:
            if not params["replace"]:
                raise WorkError(reason)
            self._require_same(found)
            names = ["loki", *found.agents]
        result = {**self._uninstalled(found, names), "schema_periods": kept}
        warnings = [_ENDS] if " simple_scalable " in params["kind"] else []
        if "promtail" in params["agents"] and params["kind"].startswith("current "):
            warnings.append(_END_OF_LIFE)
        if warnings:
            result["warnings"] = [*result.get("warnings", []), *warnings]
        return result

    def _keeps_lines(self, found: Existing) -> bool:
        """Whether the Loki that is asked for reads what the existing one stored."""
        asked = self._params["kind"]
        return found.kind != "" and (found.kind == asked or (on_s3(found.kind) and on_s3(asked)))

    def absent(self) -> dict:
        found = existing.by_revisions(self._reader, self._namespace)
        # Also an agent of earlier inputs, or of an earlier default.
        return self._uninstalled(found, ["loki", *existing.AGENTS])

    def _obstacle(self, found: Existing) -> str:
        """Why what exists cannot become what is asked for, "" where it can."""
        params = self._params
        if found.kind and found.kind != params["kind"]:
            reason = (
                f"loki_stack_variant, loki_stack_mode, loki_stack_persistence: namespace {self._namespace} has a Loki of another "
                f"kind (existing: {found.kind}; asked for: {params['kind']}), and Helm cannot turn one into the other."
            )
        elif found.volume is not None and found.volume != params["volume"]:
            reason = (
                f"loki_stack_persistence_size, loki_stack_persistence_storage_class: Loki's volume was created as '{found.volume}' "
                f"(asked for: {params['volume']}). Kubernetes changes no claim of a StatefulSet."
            )
        else:
            return ""
        lost, kept = "every line in it, with its volume claims", ""
        if self._keeps_lines(found) and on_s3(params["kind"]):
            lost = "its volume claims, with lines that its pods did not write to S3 before they ended"
            kept = "all lines in S3 (the new one reads them where loki_stack_s3_bucket is the same), "
        return (
            f"{reason} Lost with a replacement: {lost}. Kept: {kept}the log files on the nodes, which "
            "the agent then reads again from their beginning (as far back as the kubelet keeps them), and Grafana with data "
            "source and dashboards. Nothing was changed. Expected what exists, or loki_stack_replace true. Fix: set "
            "loki_stack_replace to true to go on, or loki_stack_variant, loki_stack_mode, loki_stack_persistence, "
            "loki_stack_persistence_size and loki_stack_persistence_storage_class to what exists."
        )

    def _require_same(self, found: Existing) -> None:
        """Before lines are lost the StatefulSets themselves are read."""
        sets = existing.by_sets(self._reader, self._namespace)
        if (sets.kind, sets.volume) != (found.kind, found.volume):
            raise WorkError(
                f"Which Loki exists in namespace {self._namespace} is not clear: its revisions state '{found.kind}' with volume "
                f"'{found.volume}', its StatefulSets '{sets.kind}' with volume '{sets.volume}'. Expected the same of both. Nothing "
                f"was changed. Fix: run again; else look at kubectl get statefulsets,controllerrevisions --namespace "
                f"{self._namespace}."
            )

    def _uninstalled(self, found: Existing, names: list[str]) -> dict:
        """Uninstall releases; with Loki goes what Helm leaves of it."""
        result = {"changed": False, "existing": found.kind, "uninstalled": []}
        if not names and self._params["state"] == "present":
            return result
        takes = ["loki"] if self._params["take_ownership"] and self._params["state"] == "present" else []
        marked = self._mark_claim(takes) if "loki" in names else False
        done = self._uninstall(names, takes)
        gone = [name for name, one in done["releases"].items() if one["action"] == "uninstalled"]
        rest = self._remove_rest(marked) if "loki" in names else []
        changed = done["changed"] or any(change.changed for change in rest)
        warnings = {"warnings": done["warnings"]} if done.get("warnings") else {}
        return {**result, "changed": changed, "uninstalled": gone, **warnings}

    def _mark_claim(self, takes: list[str]) -> bool:
        """Label the claim of our release before Helm begins: a removal that is interrupted is then known to the next run."""
        name = self._claim["metadata"]["name"]
        if self._reader.one("PersistentVolumeClaim", "v1", name, self._namespace) is None:
            return False
        taken = ownership.taken(takes)
        release = evidence.read(self._reader, self._namespace, ["loki"], taken, contents=False).releases["loki"]
        if not release.exists or not (release.marked or taken("loki")):
            return False
        k8s_objects.write(self._reader, [self._claim], {**_removal({}), "state": "present"}, self._mode.check)
        return True

    def _remove_rest(self, marked: bool) -> list:
        """The claim, once no pod has it mounted, and our Secret, which no chart knows."""
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "loki-s3", "namespace": self._namespace}}
        # In check mode it has not been labelled.
        owner = {} if marked and self._mode.check else self._claim["metadata"]["labels"]
        return [
            *k8s_objects.remove(self._reader, [self._claim], _removal(owner), self._mode.check),
            *k8s_objects.remove(self._reader, [secret], _removal(OWNER), self._mode.check),
        ]

    def _uninstall(self, names: list[str], takes: list[str]) -> dict:
        asked = {key: self._params.get(key) for key in connection.ARGUMENTS}
        asked |= {"binary_path": self._params["binary_path"], "namespace": self._namespace, "state": "absent"}
        asked |= {"releases": [{"name": name} for name in names], "take_ownership": takes}
        asked["variables"] = {"take_ownership": "loki_stack_take_ownership", "namespace": "loki_stack_namespace"}
        return helm.run(asked, self._mode)


def _removal(owner: dict) -> dict:
    """Options of k8s_objects."""
    return {"owner": owner, "wait": True, "wait_timeout": _WAIT}
