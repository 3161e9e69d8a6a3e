# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of falco_rules_check. Private to the collection."""

from __future__ import annotations

import contextlib
import time
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import connection, k8s_objects
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader, UnclearAnswer
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco import rule_changes, rules_pod
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco.rules import FILES_OPTION
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco.rules_job import job
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco.rules_verdict import verdict
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.template import rendered
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.object_comparison import diff
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.owned_objects import is_ending, is_owned
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.yaml_library import LOADER, yaml

try:
    from kubernetes.client.exceptions import ApiException
except ImportError:  # connection.py reports it
    ApiException = OSError

ARGUMENTS = {
    **connection.ARGUMENTS,
    "state": {"type": "str", "choices": ["started", "checked"], "default": "checked"},
    "name": {"type": "str", "default": "falco"},
    "namespace": {"type": "str", "required": True},
    "chart": {"type": "str", "required": True},
    "repository": {"type": "str", "default": ""},
    "version": {"type": "str", "default": ""},
    # Values may be secrets, and no result has one: what is returned need not be searched for them.
    "values": {"type": "dict", "default": {}, "no_log": True},
    "binary_path": {"type": "path", "default": "helm"},
    "files": FILES_OPTION,
    "fingerprint": {"type": "str", "required": True},
    "strict": {"type": "bool", "default": False},
    "falco_version": {"type": "str", "required": True},
    "owner": {"type": "dict", "default": {}},
    "timeout": {"type": "int", "default": 300},
}
CLEAN_RESULT = True
# The sensor's pods carry the fingerprint of the rules that they were started with.
ANNOTATION = "runtime-security/rules"
_EVERY_SECONDS = 0.5
# Seconds in which room on a node, or a quota, may come back.
PATIENCE = 30
_UNCHANGED = "The running Falco was not changed."


def run(params: dict, mode: Mode) -> dict:
    """Let Falco validate its rules unless it runs with them; raises WorkError with Falco's words where it refuses them."""
    with connection.connected_client(params) as client:
        try:
            return _Check(params, mode, client).result()
        except UnclearAnswer as error:
            raise WorkError(
                f"falco_ebpf_rules: cannot be validated (what the cluster answers is not clear. {error}). Expected a clear answer. "
                f"Fix: run again. {_UNCHANGED}"
            ) from error


def masked(params: dict) -> dict:
    """The parameters without values and credentials."""
    return {name: value for name, value in params.items() if not ARGUMENTS[name].get("no_log")}


def announce(params: dict) -> dict:
    """In a cluster that does not exist yet no Falco runs."""
    return _result("pending", changed=True, msg=_announced(params))


def _announced(params: dict) -> str:
    items = ", ".join(one["item"] for one in params["files"]) or "its own rules"
    return f"Would let Falco validate {items} in a pod of its image, before the release is touched."


def _result(state: str, changed: bool = False, **more: t.Any) -> dict:
    return {"changed": changed, "verdict": state, "findings": [], "notes": [], "changes": [], **more}


class _Check:
    def __init__(self, params: dict, mode: Mode, client: t.Any) -> None:
        self._params, self._mode, self._client = params, mode, client
        self._reader = Reader(client)
        self._namespace, self._owner = params["namespace"], params["owner"]
        # By its name the Job of a run that was interrupted, or of an earlier task, is found again.
        self._job = f"{params['name'][:40]}-rules-{params['fingerprint'][:12]}"

    def result(self) -> dict:
        params = self._params
        if self._deployed() == params["fingerprint"]:
            return _result("deployed")
        if self._mode.check:
            return _result("pending", changed=True, msg=_announced(params), **self._changes())
        found = self._found()
        begun = {} if found else {"changed": True, **self._changes()}
        uid = (found or self._start())["metadata"]["uid"]
        if params["state"] == "started":
            return _result("started", **begun)
        try:
            return {**self._verdict(uid), **begun}
        finally:
            self._remove()

    def _deployed(self) -> str:
        """The fingerprint of the rules that Falco runs with."""
        found = self._reader.one("DaemonSet", "apps/v1", self._params["name"], self._namespace) or {}
        metadata = ((found.get("spec") or {}).get("template") or {}).get("metadata") or {}
        return (metadata.get("annotations") or {}).get(ANNOTATION, "")

    def _changes(self) -> dict:
        """The rules that differ from the deployed ones, and with diff the text before and after: of a release the diff has values only."""
        name = f"{self._params['name']}-rules"
        before = self._reader.one("ConfigMap", "v1", name, self._namespace) or {}
        after = {**before, "kind": "ConfigMap", "data": dict(self._params["values"].get("customRules") or {})}
        # Where nothing is deployed all of them are new.
        lines = rule_changes.changes(before.get("data") or {}, after["data"]) if before else []
        if not self._mode.diff:
            return {"changes": lines}
        place = f"ConfigMap {self._namespace}/{name}"
        prepared = [{"prepared": "\n".join([f"{place}:", *lines, ""])}] if lines else []
        return {"changes": lines, "diff": [*prepared, diff(place, before, after)]}

    def _found(self) -> dict | None:
        """The Job for these rules, where one was started already, and a stop did not keep it from getting its files."""
        found = self._reader.one("Job", "batch/v1", self._job, self._namespace)
        files = self._reader.one("ConfigMap", "v1", self._job, self._namespace)
        return found if found and files and is_owned(found, self._owner) and not is_ending(found) else None

    def _start(self) -> dict:
        """Start the Job."""
        params = self._params
        try:
            text = rendered(
                params["name"],
                params["chart"],
                params["repository"],
                params["version"],
                params["values"],
                self._namespace,
                params["binary_path"],
            )
            manifests = [one for one in yaml.load_all(text, Loader=LOADER) if one]
            # A pod at its end is gone: before that this module has waited, and says why.
            made, files = job(manifests, params["name"], self._namespace, self._owner, 2 * params["timeout"], self._job)
            options = {"owner": self._owner, "state": "present", "wait_timeout": params["timeout"]}
            (change,) = k8s_objects.write(self._reader, [made], options)
            # Its pod waits for the files, which go with the Job.
            owner = {"apiVersion": "batch/v1", "kind": "Job", "name": self._job, "uid": change.after["metadata"]["uid"]}
            files["metadata"] = {**files["metadata"], "ownerReferences": [owner]}
            k8s_objects.write(self._reader, [files], options)
        except (ValueError, WorkError) as error:
            raise WorkError(
                f"falco_ebpf_rules: cannot be validated ({str(error).rstrip('.')}). Expected a chart and values of which Falco's pod "
                f"can be made. Fix: correct falco_ebpf_chart, falco_ebpf_values or what is said of the cluster. {_UNCHANGED}"
            ) from error
        return change.after

    def _verdict(self, uid: str) -> dict:
        """What Falco says, once its pod has ended."""
        params = self._params
        pod = self._ended(uid)
        filler = rules_pod.failed_filler(pod)
        log = self._log(pod["metadata"]["name"], filler or "falco")
        if filler:
            raise WorkError(
                f"falco_ebpf_values: the container {filler}, which brings files to Falco, ended with an error "
                f"({' | '.join(log.splitlines()[-3:])}), so the rules cannot be validated. Expected its files. Fix: give it what it "
                "asks for (for falcoctl a way to its registry), or turn it off (falcoctl.artifact.install.enabled: false) and give "
                f"rules by falco_ebpf_rules. {_UNCHANGED}"
            )
        priority = (params["values"].get("falco") or {}).get("priority") or "debug"
        said = verdict(f"{log}\n{rules_pod.unstarted(pod)}", params["files"], priority)
        findings = said["warnings"]
        if said["errors"]:
            raise WorkError(
                f"falco_ebpf_rules: refused by Falco {params['falco_version']}. Expected rules that it accepts. Fix: correct them. "
                f"{_UNCHANGED} {' '.join(said['errors'] + findings)}"
            )
        if findings and params["strict"]:
            raise WorkError(
                f"falco_ebpf_rules: Falco {params['falco_version']} warns of them, and falco_ebpf_rules_strict is true. Expected rules "
                f"without a warning. Fix: correct them, or set falco_ebpf_rules_strict to false. {_UNCHANGED} {' '.join(findings)}"
            )
        warnings = [
            f"Falco {params['falco_version']} accepts the rules and warns: {one}" for one in findings + said["notes"]
        ]
        return _result("accepted", findings=findings, notes=said["notes"], warnings=warnings)

    def _ended(self, uid: str) -> dict:
        """The Job's pod at its end; an API server that does not answer meanwhile is asked again."""
        begun, limit = time.monotonic(), self._params["timeout"]
        while True:
            pod, why, unclear = {}, [], ""
            waited = time.monotonic() - begun
            try:
                pod = self._pod(uid)
                if rules_pod.has_ended(pod):
                    return pod
                why = rules_pod.hopeless(pod)
                refused = rules_pod.refused(pod, [] if pod else self._events(), self._job)
            except UnclearAnswer as error:
                refused, unclear = [], str(error)
            over = waited >= limit
            if why or (refused and (over or waited >= PATIENCE)) or over:
                break
            time.sleep(_EVERY_SECONDS)
        why += refused
        reason = "; ".join(why).rstrip(".") or unclear.rstrip(".") or f"it has run for {limit} s (falco_ebpf_timeout)"
        raise WorkError(
            f"falco_ebpf_rules: the pod in which Falco validates them does not {'start' if why else 'end'}: {reason}. Expected a pod "
            f"of Falco's image that ends within falco_ebpf_timeout ({limit} s). Fix: correct what keeps it from that. {_UNCHANGED}"
        )

    def _pod(self, uid: str) -> dict:
        # Not by the Job's name: a pod of an earlier one may be there a little longer.
        found = self._reader.all("Pod", "v1", self._namespace, f"batch.kubernetes.io/controller-uid={uid}")
        return found[0] if found else {}

    def _events(self) -> list[dict]:
        return self._reader.all("Event", "v1", self._namespace)

    def _log(self, pod: str, container: str) -> str:
        path = f"/api/v1/namespaces/{self._namespace}/pods/{pod}/log"
        query = [("container", container)]
        try:
            answer = self._client.client.request("get", path, serialize=False, query_params=query)
        except ApiException:
            # A container that never started has no log.
            return ""
        return answer.data.decode("utf-8", "replace")

    def _remove(self) -> None:
        """Remove the Job and its pod. They would vanish by themselves, so a failure is no error."""
        named = {"name": self._job, "namespace": self._namespace}
        definition = {"apiVersion": "batch/v1", "kind": "Job", "metadata": named}
        options = {"owner": self._owner, "wait": False, "wait_timeout": 0}
        with contextlib.suppress(UnclearAnswer, WorkError):
            k8s_objects.remove(self._reader, [definition], options)
