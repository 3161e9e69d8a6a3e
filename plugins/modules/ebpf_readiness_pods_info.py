#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ebpf_readiness_pods_info
short_description: Tell whether Falco's drivers will run on the nodes of a cluster
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Runs the check of M(runtime_security.kubernetes.ebpf_readiness_info) in pods, one on each node, which the role
    P(runtime_security.kubernetes.ebpf_readiness#role) starts with the security context and the mounts of Falco.
  - Waits for the pods, then sends each the check over the API server's C(exec), and reads its answer from there. It so works on every host
    that reaches the API server, without C(kubectl); the pods need nothing but Python 3.8 or newer, and nothing is written in them.
  - A node that cannot be asked is no failure. It is in RV(not_started) or RV(unanswered).
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
attributes:
  check_mode:
    description: Can run in check_mode and return changed status prediction without modifying target.
    support: full
    details: Changes nothing.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode.
    support: none
    details: Changes nothing.
requirements:
  - python >= 3.9
  - kubernetes >= 24.2.0
notes:
  - The account needs the verbs C(get) and C(create) on C(pods/exec) in the namespace, beside C(list) on C(pods).
options:
  namespace:
    description:
      - Namespace of the pods.
    type: str
    default: ebpf-readiness
  label_selector:
    description:
      - Labels of the pods. The check runs in their container C(probe).
    type: str
    default: app.kubernetes.io/name=ebpf-readiness
  nodes:
    description:
      - Names of the nodes that have a pod.
    type: list
    elements: str
    required: true
  start_timeout:
    description:
      - Seconds until the pods have to run.
    type: int
    default: 120
  timeout:
    description:
      - Seconds that the check in a pod may take.
    type: int
    default: 60
  falco_version:
    description:
      - Release of Falco to check for, V(0.38.0) or newer. The requirements differ by release.
    type: str
    default: 0.44.1
  drivers:
    description:
      - Drivers to check. Without it, all that the release has. V(ebpf) is the first eBPF probe, removed in 0.44.0.
    type: list
    elements: str
    choices: [modern_ebpf, kmod, ebpf]
  least_privilege:
    description:
      - Check for the reduced capabilities of the chart's C(leastPrivileged) instead of a privileged Falco.
    type: bool
    default: false
  buffer_preset:
    description:
      - Falco's C(buf_size_preset), from V(1) (1 MiB for each buffer) to V(10) (512 MiB). V(4) is 8 MiB.
    type: int
    default: 4
  cpus_for_each_buffer:
    description:
      - Falco's C(cpus_for_each_buffer). The number of online processors that share a ring buffer; V(0) for one buffer
        in all.
    type: int
    default: 2
  host_root:
    description:
      - Where the pods have the node's file system, as in Falco's C(HOST_ROOT).
    type: path
    default: ''
seealso:
  - module: runtime_security.kubernetes.ebpf_readiness_info
"""

EXAMPLES = r"""
- name: Start a pod on each node
  ansible.builtin.include_role:
    name: runtime_security.kubernetes.ebpf_readiness
    tasks_from: apply

- name: Ask them for a Falco with the least privileges
  runtime_security.kubernetes.ebpf_readiness_pods_info:
    nodes: "{{ ebpf_readiness_asked }}"
    host_root: /host
    least_privilege: true
  register: found

- name: Show what keeps the modern probe from running
  ansible.builtin.debug:
    msg: "{{ item.node }}: {{ item.drivers.modern_ebpf.reasons }}"
  loop: "{{ found.nodes }}"
"""

RETURN = r"""
nodes:
  description: What was found on each node that answered, by name.
  returned: always, except for wrong options
  type: list
  elements: dict
  contains:
    node:
      description: Name of the node.
      returned: always
      type: str
      sample: worker-1
    drivers:
      description: As M(runtime_security.kubernetes.ebpf_readiness_info) returns it.
      returned: always
      type: dict
      sample: {modern_ebpf: {verdict: ready, reasons: [], checks: []}}
    recommended_driver:
      description: As M(runtime_security.kubernetes.ebpf_readiness_info) returns it.
      returned: always
      type: str
      sample: modern_ebpf
    requirements_since:
      description: As M(runtime_security.kubernetes.ebpf_readiness_info) returns it.
      returned: always
      type: str
      sample: 0.44.0
    host:
      description: As M(runtime_security.kubernetes.ebpf_readiness_info) returns it.
      returned: always
      type: dict
      sample: {kernel: 6.8.0-45-generic, architecture: x86_64}
not_started:
  description: Nodes on which no pod runs.
  returned: always, except for wrong options
  type: list
  elements: dict
  contains: &trouble
    node:
      description: Name of the node.
      returned: always
      type: str
      sample: worker-2
    reason:
      description: Why, as far as it can be told.
      returned: always
      type: str
      sample: "ImagePullBackOff: Back-off pulling image"
unanswered:
  description: Nodes whose pod runs and gave no answer.
  returned: always, except for wrong options
  type: list
  elements: dict
  contains: *trouble
  sample: []
"""

import copy
import time

from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import get_api_client
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.core import AnsibleK8SModule
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.exceptions import CoreException
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import readiness_pods
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.ebpf.options import (
    argument_spec,
    wrong_option,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.pod_commands import PodCommands


def run(cluster: readiness_pods.Cluster, commands: readiness_pods.Commands, params: dict) -> dict:
    """Wait for the pods and ask those that run."""
    pods = readiness_pods.wait(cluster.pods, params["nodes"], params["start_timeout"], time.monotonic, time.sleep)
    running = {
        node: pod["metadata"]["name"] for node, pod in pods.items() if pod and readiness_pods.phase(pod) == "Running"
    }
    options = {name: params[name] for name in argument_spec()}
    answers, unanswered = readiness_pods.ask(commands, running, options, params["timeout"])
    return {
        "changed": False,
        "nodes": answers,
        "not_started": [
            {"node": node, "reason": readiness_pods.reason(pods[node])} for node in sorted(pods) if node not in running
        ],
        "unanswered": unanswered,
    }


def main() -> None:
    spec = copy.deepcopy(AUTH_ARG_SPEC)
    spec.update(
        argument_spec(),
        namespace={"type": "str", "default": "ebpf-readiness"},
        label_selector={"type": "str", "default": "app.kubernetes.io/name=ebpf-readiness"},
        nodes={"type": "list", "elements": "str", "required": True},
        start_timeout={"type": "int", "default": 120},
        timeout={"type": "int", "default": 60},
    )
    module = AnsibleK8SModule(argument_spec=spec, supports_check_mode=True)
    params = dict(module.params)
    problem = wrong_option(params)
    if problem:
        module.fail_json(msg=problem)
    try:
        client = get_api_client(module)
        cluster = readiness_pods.Cluster(client, params["namespace"], params["label_selector"])
        module.exit_json(**run(cluster, PodCommands(client, params["namespace"]), params))
    except (
        CoreException,
        OSError,
        readiness_pods.ApiException,
        readiness_pods.DynamicApiError,
        readiness_pods.HTTPError,
        readiness_pods.WebSocketException,
    ) as exc:
        module.fail_json(
            msg=f"The pods in namespace {params['namespace']} cannot be asked whether Falco will run: {exc}. Expected an API server "
            f"that lists them. Fix: see kubectl get pods --namespace {params['namespace']}, then run again."
        )


if __name__ == "__main__":
    main()
