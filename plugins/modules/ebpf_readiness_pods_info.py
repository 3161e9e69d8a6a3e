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
  - Runs the check of M(runtime_security.kubernetes.ebpf_readiness_info) in pods, one on each node, which the role
    P(runtime_security.kubernetes.ebpf_readiness#role) starts with the security context and the mounts of Falco.
  - Waits for the pods, then sends the check to each through the API server's C(exec), and reads the result from there. It
    works on every host that reaches the API server, without C(kubectl); the pods need only Python 3.8 or newer, and
    nothing is written in them.
  - A node without a result is not a failure. It is in RV(not_started) or RV(unanswered).
extends_documentation_fragment:
  - runtime_security.kubernetes.cluster
  - runtime_security.kubernetes.readiness
notes:
  - The account needs the verbs C(get) and C(create) on C(pods/exec) in the namespace, and C(list) on C(pods).
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
      - Names of the nodes with a pod.
    type: list
    elements: str
    required: true
  start_timeout:
    description:
      - Seconds until the pods must run.
    type: int
    default: 120
  timeout:
    description:
      - Seconds that the check in a pod may take.
    type: int
    default: 60
seealso:
  - module: runtime_security.kubernetes.ebpf_readiness_info
"""

EXAMPLES = r"""
- name: Start a pod on each node
  ansible.builtin.include_role:
    name: runtime_security.kubernetes.ebpf_readiness
    tasks_from: apply

- name: Check for a Falco with the least privileges
  runtime_security.kubernetes.ebpf_readiness_pods_info:
    nodes: "{{ ebpf_readiness_asked }}"
    host_root: /host
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
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import readiness_pods
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(readiness_pods)


if __name__ == "__main__":
    main()
