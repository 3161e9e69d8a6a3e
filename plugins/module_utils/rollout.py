# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a rollout is complete, or hopeless: functions on objects as the API server returns them. Private to the collection."""

from __future__ import annotations

import re
import typing as t

# A container that waits for one of these cannot start before somebody changes something.
HOPELESS = ("ErrImageNeverPull", "InvalidImageName", "CreateContainerConfigError")
# Nor is a pod that runs once waited for in these; a rollout may recover from them.
HOPELESS_ONCE = (*HOPELESS, "CreateContainerError", "ImagePullBackOff")
PULL_FAILED = ("ErrImagePull", "ImagePullBackOff")

# Seconds a trouble must last before it counts: shorter ones end by themselves while the parts of a release appear.
PATIENCE = {
    "CreateContainerConfigError": 5.0,
    "FailedCreate": 10.0,
    "NotFound": 5.0,
    "Unschedulable": 30.0,
    "ImagePullBackOff": 30.0,
}
RESTARTS_OF_A_CRASH_LOOP = 3

CREDENTIAL = re.compile(
    r"(?i)((?:passw(?:or)?d|secret|token|api[_-]?key|authorization|credentials?)[\"']?\s*[:=]\s*)(?:bearer\s+|basic\s+)?(\"[^\"]*\"|'[^']*'|\S+)"
)


class Progress(t.NamedTuple):
    """How far a workload is."""

    done: bool
    wanted: int
    updated: int
    available: int


class Trouble(t.NamedTuple):
    """Why a workload does not get ready; `pod` and `container` are empty where it is the workload itself."""

    reason: str
    message: str
    pod: str = ""
    container: str = ""
    restarts: int = 0


def progress(workload: dict) -> Progress:
    """What `kubectl rollout status` calls done, but for the time a DaemonSet's first pods must have been ready."""
    meta, spec, status = workload["metadata"], workload.get("spec") or {}, workload.get("status") or {}
    if workload["kind"] == "DaemonSet":
        wanted = status.get("desiredNumberScheduled") or 0
        updated = status.get("updatedNumberScheduled") or 0
        # Ready, not available: minReadySeconds holds back the end of the old pod, and with it the count of updated ones.
        available = status.get("numberReady") or 0
    else:
        wanted = 1 if spec.get("replicas") is None else spec["replicas"]
        updated = status.get("updatedReplicas") or 0
        available = status.get("availableReplicas") or 0
    seen = (status.get("observedGeneration") or 0) >= meta.get("generation", 0)
    # Pods of the old template that still run count against a Deployment.
    left_over = workload["kind"] == "Deployment" and (status.get("replicas") or 0) > updated
    return Progress(seen and updated >= wanted and available >= wanted and not left_over, wanted, updated, available)


def selector(workload: dict) -> str:
    """The workload's selector in the form of a query parameter."""
    wanted = workload["spec"]["selector"]
    parts = [f"{key}={value}" for key, value in sorted((wanted.get("matchLabels") or {}).items())]
    for term in wanted.get("matchExpressions") or []:
        operator, values = term["operator"], ",".join(term.get("values") or [])
        forms = {"In": "{0} in ({1})", "NotIn": "{0} notin ({1})", "Exists": "{0}", "DoesNotExist": "!{0}"}
        parts.append(forms[operator].format(term["key"], values))
    return ",".join(parts)


def current_pods(workload: dict, pods: list[dict], replica_sets: list[dict]) -> list[dict]:
    """The pods of the workload's present template: what old ones do says nothing about the new."""
    pods = [p for p in pods if not p["metadata"].get("deletionTimestamp")]
    annotations = workload["metadata"].get("annotations") or {}
    if workload["kind"] == "Deployment":
        revision = annotations.get("deployment.kubernetes.io/revision")
        owners = {
            r["metadata"]["uid"]
            for r in replica_sets
            if (r["metadata"].get("annotations") or {}).get("deployment.kubernetes.io/revision") == revision
        }
        return [p for p in pods if owners & {o["uid"] for o in p["metadata"].get("ownerReferences") or []}]
    own = [
        p for p in pods if workload["metadata"]["uid"] in {o["uid"] for o in p["metadata"].get("ownerReferences") or []}
    ]
    if workload["kind"] == "StatefulSet":
        label, wanted = "controller-revision-hash", (workload.get("status") or {}).get("updateRevision")
    else:
        label, wanted = "pod-template-generation", annotations.get("deprecated.daemonset.template.generation")
    return [p for p in own if wanted is None or (p["metadata"].get("labels") or {}).get(label, wanted) == wanted]


def troubles(workload: dict | None, pods: list[dict], events: list[dict]) -> list[Trouble]:
    """The troubles of now, the plainest first."""
    if workload is None:
        return [Trouble("NotFound", "it does not exist")]
    found = [trouble for pod in pods for trouble in _of_pod(pod)]
    for condition in (workload.get("status") or {}).get("conditions") or []:
        if (condition.get("type"), condition.get("status")) == ("ReplicaFailure", "True"):
            found.append(Trouble("FailedCreate", condition.get("message") or ""))
        if condition.get("reason") == "ProgressDeadlineExceeded":
            found.append(Trouble("ProgressDeadlineExceeded", condition.get("message") or ""))
    # StatefulSets and DaemonSets say only by an event that they may not make pods.
    if not pods:
        refused = [
            e
            for e in events
            if e.get("reason") == "FailedCreate" and about(e, workload["kind"], workload["metadata"]["name"])
        ]
        found += [Trouble("FailedCreate", e.get("message") or "") for e in refused[-1:]]
    return found


def _of_pod(pod: dict) -> list[Trouble]:
    name, status = pod["metadata"]["name"], pod.get("status") or {}
    found = []
    for condition in status.get("conditions") or []:
        if (condition.get("type"), condition.get("status")) == ("PodScheduled", "False"):
            found.append(Trouble(condition.get("reason") or "Unschedulable", condition.get("message") or "", name))
    for container in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
        waiting = (container.get("state") or {}).get("waiting")
        # These two only say that the kubelet is at work.
        if waiting and waiting.get("reason") not in (None, "ContainerCreating", "PodInitializing"):
            last = ((container.get("lastState") or {}).get("terminated") or {}).get("exitCode")
            message = waiting.get("message") or ""
            if waiting["reason"] == "CrashLoopBackOff":
                message = f"it ended {container.get('restartCount', 0) + 1} times, the last time with exit code {last}"
            found.append(
                Trouble(waiting["reason"], message, name, container["name"], container.get("restartCount") or 0)
            )
    return found


def about(event: dict, kind: str, name: str) -> bool:
    """Whether an event speaks of an object."""
    involved = event.get("involvedObject") or {}
    return (involved.get("kind"), involved.get("name")) == (kind, name)


class TroubleHistory:
    """Remembers since when the troubles of one workload last, and says when waiting cannot help any more."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._since: dict[tuple[str, str, str], float] = {}
        self._sights: dict[tuple[str, str, str], int] = {}
        self._last: dict[tuple[str, str], str] = {}
        self._pulls: dict[tuple[str, str], int] = {}
        self._restarts: dict[tuple[str, str], int] = {}

    def hopeless(self, now: float, found: list[Trouble]) -> Trouble | None:
        self._began = now if self._began is None else self._began
        keys = {(f.pod, f.container, f.reason) for f in found}
        self._since = {key: self._since.get(key, now) for key in keys}
        self._sights = {key: self._sights.get(key, 0) + 1 for key in keys}
        self._count_pulls(found)
        # Every one is looked at: the look may record something.
        lasting = [trouble for trouble in found if self._lasts(now, trouble)]
        return lasting[0] if lasting else None

    def _count_pulls(self, found: list[Trouble]) -> None:
        """ErrImagePull after anything else is one more failed pull; ImagePullBackOff is the pause after it."""
        present = {(f.pod, f.container): f.reason for f in found if f.reason in PULL_FAILED}
        for container, reason in present.items():
            if reason == "ErrImagePull" and self._last.get(container) != "ErrImagePull":
                self._pulls[container] = self._pulls.get(container, 0) + 1
        self._pulls = {container: self._pulls.get(container, 0) for container in present}
        self._last = present

    def _lasts(self, now: float, trouble: Trouble) -> bool:
        key = (trouble.pod, trouble.container, trouble.reason)
        if trouble.reason == "ProgressDeadlineExceeded":
            # It stays until there is progress. One from before may have been repaired from outside.
            return self._since[key] > self._began
        if trouble.reason == "CrashLoopBackOff":
            # A loop from before may have been repaired from outside; its next crash tells.
            before = self._restarts.setdefault((trouble.pod, trouble.container), trouble.restarts)
            return trouble.restarts >= RESTARTS_OF_A_CRASH_LOOP and trouble.restarts > before
        if trouble.reason in PULL_FAILED and self._pulls[(trouble.pod, trouble.container)] >= 2:
            return True
        if trouble.reason in PATIENCE:
            return now - self._since[key] >= PATIENCE[trouble.reason]
        return trouble.reason in HOPELESS and self._sights[key] >= 2


def mask(text: str) -> str:
    """Log lines may hold credentials; what looks like one is masked."""
    return CREDENTIAL.sub(r"\1***", text)


def explain(title: str, state: Progress | None, trouble: Trouble | None, events: list[dict], log: list[str]) -> str:
    """The one message for a workload that is not rolled out."""
    lines = [title]
    if state:
        lines[0] += f" ({state.available} of {state.wanted} pods available, {state.updated} of the present template)"
    if trouble:
        where = ", ".join(
            f"{kind} {name}" for kind, name in (("pod", trouble.pod), ("container", trouble.container)) if name
        )
        lines.append(
            f"{where}: {trouble.reason}: {trouble.message}" if where else f"{trouble.reason}: {trouble.message}"
        )
    if events:
        lines.append("Last warnings:")
        lines += [f"  {e.get('reason')}: {' '.join((e.get('message') or '').split())}" for e in events]
    if log:
        lines.append(f"Last lines of container {trouble.container if trouble else ''}:")
        lines += [f"  {line}" for line in log]
    return mask("\n".join(lines))


def warnings_about(events: list[dict], kind: str, name: str, count: int) -> list[dict]:
    """The last warnings about an object, oldest first."""
    own = [e for e in events if e.get("type") == "Warning" and about(e, kind, name)]
    own.sort(
        key=lambda e: (
            e.get("lastTimestamp") or e.get("eventTime") or (e.get("metadata") or {}).get("creationTimestamp") or ""
        )
    )
    return own[-count:]
