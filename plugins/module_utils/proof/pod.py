# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The marked pod: prints a marker, has a shell started in it, receives the notification of that, and goes away."""

from __future__ import annotations

import secrets
import threading
import time

from . import sink
from .cluster import Cluster, ClusterError
from .watch import NotSeen, NotYet, Watch

OWNER = {"app.kubernetes.io/managed-by": "runtime_security.kubernetes"}
LABELS = {**OWNER, "app.kubernetes.io/name": "pipeline-proof"}
_SELECTOR = ",".join(f"{key}={value}" for key, value in LABELS.items())
CONTAINER = "marker"
_EVERY_SECONDS = 0.2
_ECHO_SECONDS = 15
_SHELL_SECONDS = 10
# How long a creation that is under way may take to end before the removal.
_CREATION_SECONDS = 30
# Waiting does not cure these, or not soon: a pull that backs off has failed before.
_HOPELESS = (
    "CreateContainerConfigError",
    "ErrImageNeverPull",
    "ImagePullBackOff",
    "InvalidImageName",
    "RunContainerError",
)


def namespace_definition(name: str) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {**LABELS, "pod-security.kubernetes.io/enforce": "restricted"}},
    }


def pod_definition(name: str, namespace: str, image: str, lifetime: int, with_sink: bool) -> dict:
    """A pod that only repeats its input, and what is sent to its sink; as weak as a pod can be."""
    weak = {
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "32Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    }
    marker = {**weak, "name": CONTAINER, "command": ["cat"], "stdin": True}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": LABELS},
        "spec": {
            # Should the run be interrupted and never repeated, the pod still stops.
            "activeDeadlineSeconds": lifetime,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 65534,
                "runAsGroup": 65534,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [marker, sink.container(weak)] if with_sink else [marker],
            "volumes": sink.volumes() if with_sink else [],
        },
    }


def waiting_reason(pod: dict) -> tuple[str, str]:
    """Why a pod does not run yet: reason and message of its container or of its scheduling."""
    status = pod.get("status") or {}
    for container in status.get("containerStatuses") or []:
        state = (container.get("state") or {}).get("waiting") or (container.get("state") or {}).get("terminated") or {}
        if state:
            return state.get("reason", "unknown"), state.get("message", "")
    for condition in status.get("conditions") or []:
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return condition.get("reason", "unknown"), condition.get("message", "")
    return status.get("reason") or status.get("phase", "Pending"), status.get("message") or ""


def _is_ours(found: dict | None) -> bool:
    return found is not None and LABELS.items() <= (found["metadata"].get("labels") or {}).items()


class MarkedPod:
    def __init__(self, cluster: Cluster, namespace: str, image: str, prefix: str, with_sink: bool = False) -> None:
        number = secrets.token_hex(4)
        self.namespace = namespace
        self.name = f"{prefix}{number}"
        self.marker = f"marker-{number}"
        self.created_at = 0.0
        self._cluster = cluster
        self._image = image
        self._with_sink = with_sink
        self._running = threading.Event()
        self._failure = ""
        self._thread: threading.Thread | None = None

    def start(self, watch: Watch) -> None:
        """Create the pod in a thread of its own; wait_running tells how it went."""

        def create() -> None:
            try:
                self._create(watch)
            except Exception as exc:  # handed to the checks that wait for the pod
                self._failure = f"the marked pod {self.namespace}/{self.name} does not run: {exc}"
            self._running.set()

        self._thread = threading.Thread(target=create, daemon=True)
        self._thread.start()

    def wait_running(self) -> None:
        self._running.wait()
        if self._failure:
            raise NotSeen(self._failure)

    def _create(self, watch: Watch) -> None:
        watch.until(lambda: self._begin(int(watch.timeout) + 60), _EVERY_SECONDS)
        watch.until(self._look, _EVERY_SECONDS)

    def _begin(self, lifetime: int) -> None:
        """Both again from the start: a proof that was interrupted may still run, and takes its namespace away."""
        self._prepare_namespace()
        if self._with_sink and not self._cluster.get("Service", sink.SERVICE, self.namespace):
            self._post("Service", sink.service_definition(self.namespace, LABELS))
        self.created_at = time.monotonic()
        self._post("Pod", pod_definition(self.name, self.namespace, self._image, lifetime, self._with_sink))

    def _prepare_namespace(self) -> None:
        """Make the namespace; of an earlier run that was interrupted, only leftovers are to be removed."""
        found = self._cluster.get("Namespace", self.namespace)
        if found is None:
            self._cluster.create("Namespace", namespace_definition(self.namespace))
        elif found["status"].get("phase") == "Terminating":
            raise NotYet(f"namespace {self.namespace} of an earlier run is still being removed")
        for pod in self._cluster.find("Pod", self.namespace, _SELECTOR):
            self._cluster.delete("Pod", pod["metadata"]["name"], self.namespace, grace_seconds=0)

    def _post(self, kind: str, definition: dict) -> None:
        try:
            self._cluster.create(kind, definition, self.namespace)
        except ClusterError as exc:
            # A new namespace gets its service account a moment later; one that goes refuses what comes.
            if exc.status == 403 and ("serviceaccount" in str(exc) or "being terminated" in str(exc)):
                raise NotYet(str(exc)) from exc
            raise

    def _look(self) -> None:
        pod = self._cluster.get("Pod", self.name, self.namespace)
        if pod is None:
            raise NotSeen("another client removed it")
        phase = pod["status"].get("phase")
        if phase == "Running":
            return
        reason, message = waiting_reason(pod)
        text = f"{reason}: {message}" if message else reason
        if phase == "Failed" or reason in _HOPELESS:
            raise NotSeen(text)
        raise NotYet(text)

    def print_marker(self) -> float:
        """Have the pod print the marker; returns the moment before it did.

        The pod repeats its input, so the moment is taken from this machine's clock, whatever the node's says.
        """
        session = self._cluster.attach(self.name, self.namespace, CONTAINER)
        try:
            moment = time.monotonic()
            session.write_stdin(self.marker + "\n")
            echo = session.readline_stdout(timeout=_ECHO_SECONDS)
        finally:
            session.close()
        if self.marker not in (echo or ""):
            raise NotSeen(f"pod {self.name} did not repeat its input; it printed {echo!r}")
        return moment

    def start_shell(self, number: int) -> None:
        """Start a shell on a terminal. It stays for a moment: a sensor may look the process up."""
        text = f"{self.marker}-{number}"
        printed = self._cluster.run_on_terminal(
            self.name, self.namespace, CONTAINER, ["sh", "-c", f"echo {text}; sleep 1"], _SHELL_SECONDS
        )
        if text not in printed:
            raise ClusterError(f"it printed {printed!r}", 0)

    def notified(self) -> list[dict]:
        """The alerts that the sink was told of."""
        return list(sink.alerts(self._cluster.log(self.name, self.namespace, sink.CONTAINER)))

    def remove(self) -> None:
        """Remove the pod, its Service, and the namespace if it is ours and nothing else is in it.

        The next run waits until the namespace is gone, not this one.
        """
        if self._thread:
            self._thread.join(_CREATION_SECONDS)
        self._cluster.delete("Pod", self.name, self.namespace, grace_seconds=0)
        if self._with_sink and _is_ours(self._cluster.get("Service", sink.SERVICE, self.namespace)):
            self._cluster.delete("Service", sink.SERVICE, self.namespace)
        if not _is_ours(self._cluster.get("Namespace", self.namespace)):
            return
        gone = {f"Pod/{self.name}", f"Service/{sink.SERVICE}"}
        # Another proof's pod, or what somebody put there.
        if gone.issuperset(self._cluster.contents(self.namespace)):
            self._cluster.delete("Namespace", self.namespace)
