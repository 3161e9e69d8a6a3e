#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ebpf_readiness_pods_info
short_description: Check whether Falco's drivers will run on the nodes of a cluster
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Starts a Job on each node with the security context and the mounts of Falco, and runs the check of
    M(runtime_security.kubernetes.ebpf_readiness_info) in its pod, through the API server's C(exec). Then it removes the Jobs.
  - The pods bypass the scheduler and tolerate every taint. They need only Python 3.8 or newer, and nothing is written in them.
    The task works on every host that reaches the API server, without C(kubectl).
  - The namespace is created if missing, and then removed afterwards, unless somebody has something in it.
  - A node without a result is not a failure. It is in RV(not_started) or RV(unanswered).
  - The Jobs of an interrupted run are removed by the next task; Kubernetes ends them after O(lifetime).
extends_documentation_fragment:
  - runtime_security.kubernetes.cluster
  - runtime_security.kubernetes.readiness
  - runtime_security.kubernetes.reading
attributes:
  check_mode:
    description: Can run in check mode; no pod is started, and no node has a result.
    support: full
  diff_mode:
    description: Returns details on what has changed when in diff mode.
    support: none
notes:
  - The account needs the verbs C(get), C(list), C(create) and C(delete) for Jobs in the namespace, C(get) and C(create) on
    C(pods/exec), and C(list) on C(pods) and C(nodes); and for the namespace what
    M(runtime_security.kubernetes.k8s_namespace) needs.
options:
  state:
    description:
      - V(checked) starts the Jobs, unless an earlier task has, waits for their pods, runs the check and removes them.
      - V(started) removes the Jobs of earlier tasks, starts new ones and does not wait, so that other tasks can run until a task
        with V(checked).
      - V(absent) removes the Jobs that an interrupted run left, and the namespace.
    type: str
    choices: [started, checked, absent]
    default: checked
  namespace:
    description: Namespace of the Jobs.
    type: str
    default: ebpf-readiness
  image:
    description: Image of the pods, with python3 3.8 or newer.
    type: str
    default: python:3.13-slim
  nodes:
    description: Names of the nodes to check; an empty list means every Linux node.
    type: list
    elements: str
    default: []
  start_timeout:
    description: Seconds until the pods must run, and until they must be removed.
    type: int
    default: 120
  lifetime:
    description: Seconds after which Kubernetes ends the pods.
    type: int
    default: 900
  timeout:
    description: Seconds that the check in a pod may take.
    type: int
    default: 60
seealso:
  - module: runtime_security.kubernetes.ebpf_readiness_info
"""

EXAMPLES = r"""
- name: Check for a Falco with the least privileges
  runtime_security.kubernetes.ebpf_readiness_pods_info:
    least_privilege: true
  register: found

- name: Show why the modern probe would not run
  ansible.builtin.debug:
    msg: "{{ item.node }}: {{ item.drivers.modern_ebpf.reasons }}"
  loop: "{{ found.nodes }}"
"""

RETURN = r"""
nodes:
  description: Results of each node that answered, by name.
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
  description: Nodes without a running pod.
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
      description: The reason, if known.
      returned: always
      type: str
      sample: "ImagePullBackOff: Back-off pulling image"
unanswered:
  description: Nodes whose pod runs and did not answer.
  returned: always, except for wrong options
  type: list
  elements: dict
  contains: *trouble
  sample: []
msg:
  description: What a run would do.
  returned: in check mode, except for O(state=absent)
  type: str
  sample: Would start a pod in namespace ebpf-readiness on each node for some seconds, and remove it.
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import readiness_pods
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(readiness_pods)


if __name__ == "__main__":
    main()
