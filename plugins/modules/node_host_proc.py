#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: node_host_proc
short_description: Find the machine's /proc on each node of a cluster
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Checks on each Linux node whether its C(/proc) is that of the kernel's root PID namespace, or where the machine's is
    mounted, and whether the root of process 1 in it can be read. Falco reads the processes that ran before it from there.
  - A node that is a container (minikube's drivers docker and podman, kind, k3d) has a PID namespace of its own.
  - Checks each node once, in a privileged pod that runs for a second, and stores the result in a ConfigMap. A node is
    checked again after it was created again or its machine was rebooted.
  - A node that cannot be checked is not a failure. It is in RV(problems), and checked again by the next run.
extends_documentation_fragment:
  - runtime_security.kubernetes.cluster
attributes:
  check_mode:
    description: Can run in check mode; no pod is started, and only nodes that were checked before are known.
    support: full
  diff_mode:
    description: Returns details on what has changed when in diff mode.
    support: none
options:
  namespace:
    description: Namespace of the pods and of the ConfigMap. It must exist and allow privileged pods.
    type: str
    required: true
  config_map:
    description: Name of the ConfigMap.
    type: str
    default: node-host-proc
  image:
    description: Image of the pods, with C(sh), C(cat) and C(readlink), such as C(busybox).
    type: str
    required: true
  labels:
    description: Labels of the pods and of the ConfigMap.
    type: dict
    default: {}
  timeout:
    description: Seconds until the pods must have ended.
    type: int
    default: 60
  values:
    description:
      - Values for Falco's chart that are set otherwise, on which RV(chart_values) depends. No result shows one but paths of sockets.
    type: dict
    default: {}
seealso:
  - module: runtime_security.kubernetes.ebpf_readiness_info
"""

EXAMPLES = r"""
- name: Find the machine's /proc
  runtime_security.kubernetes.node_host_proc:
    namespace: falco
    image: docker.io/library/busybox:1.37.0
  register: found

- name: Show it
  ansible.builtin.debug:
    msg: "{{ found.proc }} {{ found.problems }}"
"""

RETURN = r"""
proc:
  description:
    - The C(/proc) for Falco on every node. V(/proc) if that is the right one, or if no other path is right on all of
      them.
  returned: always
  type: str
  sample: /procHost
init:
  description: The folder to mount over process 1 in it, if its root cannot be read; empty if it can.
  returned: always
  type: str
  sample: /procHost/2
chart_values:
  description:
    - Values for Falco's chart to add to O(values), entries of lists at their end, so that Falco reads RV(proc). Empty if it is the
      node's own C(/proc), or if O(values) set C(HOST_ROOT).
  returned: always
  type: dict
  sample: {extra: {env: [{name: HOST_ROOT, value: /hostroot}]}, mounts: {volumes: [], volumeMounts: []}}
problems:
  description: Nodes on which Falco will not know the processes that ran before it.
  returned: always
  type: list
  elements: dict
  contains:
    node:
      description: Name of the node.
      returned: always
      type: str
      sample: worker-1
    problem:
      description: The problem.
      returned: always
      type: str
      sample: the node's /proc is a PID namespace of its own, and the machine's is not mounted
remedy:
  description: The fix for RV(problems); empty without any.
  returned: always
  type: str
  sample: ""
nodes:
  description: The mounted C(/proc) of each node, by the node's name; null if it could not be checked.
  returned: always
  type: dict
  sample: {worker-1: [{path: /proc, namespace: root, init_root: true, stand_in: true}]}
asked:
  description: Names of the checked nodes; in check mode of those that would be checked.
  returned: always
  type: list
  elements: str
  sample: [worker-1]
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import node_host_proc
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(node_host_proc)


if __name__ == "__main__":
    main()
