# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of ebpf_readiness_pods_info: runs the readiness check in a pod on each node. Private to the collection.

The pods have nothing but a Python. The check is sent to it over the API server, so whoever reaches that can ask, from any host.
"""

from __future__ import annotations

import json
import sys
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import connection
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader, UnclearAnswer
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.ebpf import evaluate, observe
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.ebpf.options import (
    argument_spec,
    wrong_option,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.pod_commands import PodCommands
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.program_sources import source_of
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.readiness_jobs import (
    CONTAINER,
    HOST_ROOT,
    Cluster,
    Jobs,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

try:
    from kubernetes.client.exceptions import ApiException
    from kubernetes.dynamic.exceptions import DynamicApiError
    from urllib3.exceptions import HTTPError
    from websocket import WebSocketException
except ImportError:
    # The module says what is missing.
    ApiException = DynamicApiError = HTTPError = WebSocketException = OSError

_OPTIONS = {name: spec for name, spec in argument_spec().items() if name != "host_root"}
ARGUMENTS = {
    **connection.ARGUMENTS,
    **_OPTIONS,
    "state": {"type": "str", "choices": ["started", "checked", "absent"], "default": "checked"},
    "namespace": {"type": "str", "default": "ebpf-readiness"},
    "image": {"type": "str", "default": "python:3.13-slim"},
    "nodes": {"type": "list", "elements": "str", "default": []},
    "start_timeout": {"type": "int", "default": 120},
    "lifetime": {"type": "int", "default": 900},
    "timeout": {"type": "int", "default": 60},
}
PACKAGE = "ebpf"
_EVERY_SECONDS = 1
_AT_ONCE = 16
# Writes no file, which a pod may not be able to. What is printed beside the answer comes before it.
PROGRAM = """
import importlib.abc, importlib.util, json, os, sys
os.dup2(1, 2)
sent = json.loads(sys.stdin.readline())
class Sent(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    def find_spec(self, name, path=None, target=None):
        return importlib.util.spec_from_loader(name, self) if name in sent["sources"] else None
    def get_source(self, name):
        return sent["sources"][name]
    def is_package(self, name):
        return name == "ebpf"
sys.meta_path.insert(0, Sent())
from ebpf import evaluate, observe
print(json.dumps(evaluate.evaluate(observe.observe(sent["options"]), sent["options"])))
"""


class Commands(t.Protocol):
    """What of PodCommands is used."""

    def run_with_line(
        self, pod: str, container: str, command: list[str], line: str, seconds: float
    ) -> tuple[int, str]: ...


def sources() -> dict[str, str]:
    """The source of the readiness check, by the names that its modules get in the pod."""
    (package,) = {evaluate.__package__, observe.__package__}
    found = {PACKAGE: ""}
    for name, module in sorted(sys.modules.items()):
        if name.startswith(package + "."):
            found[PACKAGE + name[len(package) :]] = source_of(module)
    return found


def reason(pod: dict | None) -> str:
    """Why a pod does not run, as far as its status tells."""
    status = (pod or {}).get("status") or {}
    state = ((status.get("containerStatuses") or [{}])[0]).get("state") or {}
    cause = state.get("waiting") or state.get("terminated") or status
    words = [cause.get("reason"), cause.get("message")]
    return ": ".join(filter(None, words)) or "it was not created"


def phase(pod: dict | None) -> str:
    return ((pod or {}).get("status") or {}).get("phase") or ""


def wait(
    look: t.Callable[[], list[dict]],
    nodes: list[str],
    seconds: float,
    clock: t.Callable[[], float],
    sleep: t.Callable[[float], None],
) -> dict[str, dict | None]:
    """The pod on each node, once all of them run or have failed, or the seconds are over.

    An API server that does not answer is asked again until then.
    """
    deadline = clock() + seconds
    while True:
        over = clock() >= deadline
        try:
            by_node = {pod["spec"].get("nodeName"): pod for pod in look()}
        except (ApiException, DynamicApiError, HTTPError, OSError, WebSocketException):
            if over:
                raise
        else:
            found = {node: by_node.get(node) for node in nodes}
            if over or all(phase(pod) in ("Running", "Failed") for pod in found.values()):
                return found
        sleep(_EVERY_SECONDS)


def answer(code: int, printed: str) -> dict:
    """What the program found; an error with its last words where it found nothing."""
    last = (printed.strip().splitlines() or ["it printed nothing"])[-1]
    if code == 0:
        try:
            found = json.loads(last)
        except ValueError:
            found = None
        if isinstance(found, dict) and found.get("drivers"):
            return found
    # Of one that took too long the code is -1.
    raise OSError(last[-500:] if code < 0 else f"python3 in the pod ended with {code}: {last[-500:]}")


def ask(commands: Commands, pods: dict[str, str], options: dict, seconds: float) -> tuple[list[dict], list[dict]]:
    """The answers, and of the nodes that gave none {node, reason}; from the names of their pods."""
    line = json.dumps({"sources": sources(), "options": options})

    def one(node: str) -> dict:
        try:
            code, printed = commands.run_with_line(pods[node], CONTAINER, ["python3", "-c", PROGRAM], line, seconds)
            return {"node": node, **answer(code, printed)}
        except (ApiException, DynamicApiError, HTTPError, OSError, WebSocketException) as exc:
            return {"node": node, "reason": " ".join(str(exc).split())}

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(one, sorted(pods)))
    return [each for each in found if "drivers" in each], [each for each in found if "drivers" not in each]


def look(cluster: Cluster, commands: Commands, params: dict, nodes: list[str]) -> dict:
    """Wait for the pods and ask those that run."""
    pods = wait(cluster.pods, nodes, params["start_timeout"], time.monotonic, time.sleep)
    running = {node: pod["metadata"]["name"] for node, pod in pods.items() if pod and phase(pod) == "Running"}
    options = {**{name: params[name] for name in _OPTIONS}, "host_root": HOST_ROOT}
    answers, unanswered = ask(commands, running, options, params["timeout"])
    return {
        "nodes": answers,
        "not_started": [{"node": node, "reason": reason(pods[node])} for node in sorted(pods) if node not in running],
        "unanswered": unanswered,
    }


def started(jobs: Jobs) -> dict:
    """Start the Jobs, all or none."""
    nodes = jobs.nodes()
    try:
        jobs.start(nodes)
    except BaseException:
        jobs.remove()
        raise
    return {**_NOTHING, "changed": True}


def checked(client: t.Any, jobs: Jobs, params: dict) -> dict:
    """What each node answers; the pods are removed whatever that is."""
    nodes = jobs.nodes()
    try:
        if not jobs.started(nodes):
            jobs.start(nodes)
        place = params["namespace"]
        found = look(Cluster(client, place), PodCommands(client, place), params, nodes)
    finally:
        jobs.remove()
        namespace = jobs.remove_namespace(Mode())
    return {**found, "changed": True, "warnings": namespace.get("warnings", [])}


def absent(jobs: Jobs, mode: Mode) -> dict:
    """Remove what an interrupted run left."""
    removed = jobs.remove(mode.check)
    namespace = jobs.remove_namespace(mode)
    changed = removed or namespace["changed"]
    return {**_NOTHING, "changed": changed, "warnings": namespace.get("warnings", [])}


def run(params: dict, mode: Mode) -> dict:
    """What each node answers."""
    params = dict(params)
    problem = wrong_option(params)
    if problem:
        raise WorkError(problem)
    with connection.connected_client(params) as client:
        jobs = Jobs(Reader(client), params)
        try:
            if params["state"] == "absent":
                return absent(jobs, mode)
            if mode.check:
                jobs.nodes()
                return announce(params)
            if params["state"] == "checked":
                return checked(client, jobs, params)
            return started(jobs)
        except (UnclearAnswer, OSError, WebSocketException) as exc:
            raise WorkError(
                f"The nodes cannot be asked in namespace {params['namespace']} whether Falco will run: {exc}. Expected an API server "
                f"that lists its pods. Fix: see kubectl get pods --namespace {params['namespace']}, then run again."
            ) from exc


_NOTHING = {"nodes": [], "not_started": [], "unanswered": []}


def announce(params: dict) -> dict:
    """What a run would do."""
    if params["state"] == "absent":
        return {**_NOTHING, "changed": False}
    said = f"Would start a pod in namespace {params['namespace']} on each node for some seconds, and remove it."
    return {**_NOTHING, "changed": True, "msg": said}
