#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rollout_info
short_description: Wait until workloads are rolled out, and say why when they are not
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Waits until Deployments, StatefulSets and DaemonSets of a namespace are rolled out, all of them side by side.
  - Fails before O(timeout) where waiting cannot help, which is when a container's image cannot be pulled twice in a
    row, its configuration names a Secret or ConfigMap that is not there, it crashes while the module looks on and was
    restarted three times, no node takes the pod for 30 seconds, or the pods may not be created.
  - The error names the workload, the pod, the container and the reason, and holds the pod's last warnings and the
    last lines of the container's log (of the run before where the container crashed).
  - In check mode it answers at once with what it sees, and does not fail for a workload that is not rolled out.
notes:
  - Environment variables and Secrets are not read. What looks like a credential in a log line or a warning is left
    out of the error.
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
attributes:
  check_mode:
    description: Can run in check_mode and return what it sees without waiting.
    support: full
  diff_mode:
    description: Returns details on what has changed when in diff mode.
    support: N/A
    details: This module changes nothing.
requirements:
  - python >= 3.9
  - kubernetes >= 24.2.0
options:
  namespace:
    description:
      - Namespace of the workloads.
    type: str
    required: true
  workloads:
    description:
      - The workloads to wait for.
    type: list
    elements: dict
    required: true
    suboptions:
      kind:
        description:
          - Kind of the workload.
        type: str
        required: true
        choices: [Deployment, StatefulSet, DaemonSet]
      name:
        description:
          - Name of the workload.
        type: str
        required: true
  timeout:
    description:
      - Seconds to wait, for all workloads together.
    type: int
    default: 300
  poll_interval:
    description:
      - Seconds between two looks.
    type: float
    default: 0.5
  log_lines:
    description:
      - Lines of a container's log in the error. V(0) leaves the log out.
    type: int
    default: 20
seealso:
  - module: kubernetes.core.k8s_info
"""

EXAMPLES = r"""
- name: Wait for Prometheus and Grafana
  runtime_security.kubernetes.rollout_info:
    namespace: monitoring
    workloads:
      - kind: Deployment
        name: prometheus-server
      - kind: Deployment
        name: grafana
    timeout: 120
  register: rollouts

- name: Show how long each took
  ansible.builtin.debug:
    msg: "{{ rollouts.workloads | items2dict(key_name='name', value_name='seconds') }}"
"""

RETURN = r"""
ready:
  description: Whether all workloads are rolled out.
  returned: always
  type: bool
  sample: true
seconds:
  description: Seconds waited.
  returned: always
  type: float
  sample: 12.4
workloads:
  description: The workloads in the order of O(workloads).
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: Kind of the workload.
      type: str
      sample: Deployment
    name:
      description: Name of the workload.
      type: str
      sample: grafana
    ready:
      description: Whether it is rolled out.
      type: bool
      sample: true
    seconds:
      description: Seconds from the start of the task until it was; null when it is not.
      type: float
      sample: 12.4
    wanted:
      description: Number of pods wanted; null when the workload does not exist.
      type: int
      sample: 1
    updated:
      description: Number of pods of the present template; null when the workload does not exist.
      type: int
      sample: 1
    available:
      description: Number of pods available; null when the workload does not exist.
      type: int
      sample: 1
    reason:
      description: What stands in the way; empty when nothing does.
      type: str
      sample: ""
"""

import copy
import time

from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import get_api_client
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.core import AnsibleK8SModule
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.exceptions import CoreException
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.rollout_wait import Rollout, wait

try:
    from kubernetes.dynamic.exceptions import ApiException, NotFoundError
    from urllib3.exceptions import HTTPError
except ImportError:
    # AnsibleK8SModule says what is missing.
    ApiException = NotFoundError = HTTPError = Exception


class ApiCluster:
    """Reads the objects of one namespace."""

    def __init__(self, client, namespace: str) -> None:
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


def argument_spec() -> dict:
    spec = copy.deepcopy(AUTH_ARG_SPEC)
    workload = {
        "kind": {"type": "str", "required": True, "choices": ["Deployment", "StatefulSet", "DaemonSet"]},
        "name": {"type": "str", "required": True},
    }
    spec.update(
        {
            "namespace": {"type": "str", "required": True},
            "workloads": {"type": "list", "elements": "dict", "required": True, "options": workload},
            "timeout": {"type": "int", "default": 300},
            "poll_interval": {"type": "float", "default": 0.5},
            "log_lines": {"type": "int", "default": 20},
        }
    )
    return spec


def main() -> None:
    module = AnsibleK8SModule(argument_spec=argument_spec(), supports_check_mode=True)
    parameters = module.params
    rollouts = [Rollout(w["kind"], w["name"]) for w in parameters["workloads"]]
    try:
        cluster = ApiCluster(get_api_client(module), parameters["namespace"])
        seconds = wait(
            cluster,
            rollouts,
            timeout=parameters["timeout"],
            interval=parameters["poll_interval"],
            once=module.check_mode,
            clock=time.monotonic,
            sleep=time.sleep,
        )
        result = {
            "ready": all(r.done for r in rollouts),
            "seconds": round(seconds, 1),
            "workloads": [r.result() for r in rollouts],
        }
        if not result["ready"] and not module.check_mode:
            # The hopeless one is the cause; without one, time was up for all that are left.
            blamed = [r for r in rollouts if r.hopeless] or [r for r in rollouts if not r.done]
            messages = [r.message(cluster, parameters["namespace"], seconds, parameters["log_lines"]) for r in blamed]
            module.fail_json(msg="\n\n".join(messages), **result)
    except CoreException as error:
        module.fail_from_exception(error)
    except (ApiException, HTTPError) as error:
        module.fail_json(
            msg=f"The cluster did not answer while waiting for rollouts in namespace {parameters['namespace']}: {error}"
        )
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
