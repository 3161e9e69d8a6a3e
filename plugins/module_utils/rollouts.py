# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of rollout_info: waits for workloads through the API server. Private to the collection."""

from __future__ import annotations

import copy
import time
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import connection
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.rollout_wait import Rollout, wait
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

try:
    from kubernetes.dynamic.exceptions import ApiException, NotFoundError
except ImportError:  # connection.py reports it
    ApiException = NotFoundError = Exception

_WORKLOAD = {
    "kind": {"type": "str", "required": True, "choices": ["Deployment", "StatefulSet", "DaemonSet"]},
    "name": {"type": "str", "required": True},
}
ARGUMENTS = {
    **copy.deepcopy(connection.ARGUMENTS),
    "namespace": {"type": "str", "required": True},
    "workloads": {"type": "list", "elements": "dict", "required": True, "options": _WORKLOAD},
    "timeout": {"type": "int", "default": 300},
    "poll_interval": {"type": "float", "default": 0.5},
    "log_lines": {"type": "int", "default": 20},
}


class ApiCluster:
    """Reads the objects of one namespace."""

    def __init__(self, client: t.Any, namespace: str) -> None:
        self._client = client
        self._namespace = namespace

    def _list(self, kind: str, api_version: str, label_selector: str = "") -> list:
        resource = self._client.resource(kind, api_version)
        answer = self._client.get(resource, namespace=self._namespace, label_selector=label_selector)
        return answer.to_dict()["items"]

    def workload(self, kind: str, name: str) -> dict | None:
        resource = self._client.resource(kind, "apps/v1")
        try:
            return self._client.get(resource, namespace=self._namespace, name=name).to_dict()
        except NotFoundError:
            return None

    def pods(self, label_selector: str) -> list:
        return self._list("Pod", "v1", label_selector)

    def replica_sets(self, label_selector: str) -> list:
        return self._list("ReplicaSet", "apps/v1", label_selector)

    def events(self) -> list:
        return self._list("Event", "v1")

    def log(self, pod: str, container: str, previous: bool, lines: int) -> list:
        resource = self._client.resource("Pod", "v1")
        query = [("container", container), ("tailLines", lines), ("limitBytes", 65536), ("previous", previous)]
        try:
            answer = resource.log.get(name=pod, namespace=self._namespace, serialize=False, query_params=query)
        except ApiException:
            # A container that never started has no log.
            return []
        return answer.data.decode("utf-8", "replace").splitlines()


def run(params: dict, mode: Mode) -> dict:
    """Wait until the workloads are ready; raises WorkError with the cause where one will not be. In check mode looks once."""
    rollouts = [Rollout(workload["kind"], workload["name"]) for workload in params["workloads"]]
    try:
        with connection.connected_client(params) as client:
            cluster = ApiCluster(client, params["namespace"])
            seconds = wait(
                cluster,
                rollouts,
                timeout=params["timeout"],
                interval=params["poll_interval"],
                once=mode.check,
                clock=time.monotonic,
                sleep=time.sleep,
            )
            # The hopeless one is the cause; without one, time was up for all that are left.
            blamed = [each for each in rollouts if each.hopeless] or [each for each in rollouts if not each.done]
            blamed = [] if mode.check else blamed
            messages = [each.message(cluster, params["namespace"], seconds, params["log_lines"]) for each in blamed]
    except connection.Unreachable:
        raise
    except WorkError as error:
        raise WorkError(
            f"The cluster did not answer while waiting for rollouts in namespace {params['namespace']}: {error}"
        ) from error
    result = result_of(rollouts, seconds)
    if messages:
        raise WorkError("\n\n".join(messages), **result)
    return result


def result_of(rollouts: list[Rollout], seconds: float) -> dict:
    return {
        "ready": all(each.done for each in rollouts),
        "seconds": round(seconds, 1),
        "workloads": [each.result() for each in rollouts],
    }


def announce(params: dict) -> dict:
    """Nothing is there that could be ready."""
    return result_of([Rollout(workload["kind"], workload["name"]) for workload in params["workloads"]], 0)
