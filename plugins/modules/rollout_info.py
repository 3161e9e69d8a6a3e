#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rollout_info
short_description: Wait until workloads are rolled out, and report why if they are not
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Waits until Deployments, StatefulSets and DaemonSets of a namespace are rolled out, in parallel.
  - Fails before O(timeout) if waiting cannot help, which is if a container's image cannot be pulled twice in a row, its
    configuration names a Secret or ConfigMap that does not exist, it crashes during the task and was restarted three
    times, the pod is unschedulable for 30 seconds, or the pods may not be created.
  - The error names the workload, the pod, the container and the reason, and contains the pod's last warnings and the last
    lines of the container's log (of the previous run if the container crashed).
  - In check mode it returns the current state at once, and does not fail for a workload that is not rolled out.
notes:
  - Environment variables and Secrets are not read. Values that look like credentials in a log line or a warning are
    removed from the error.
extends_documentation_fragment:
  - runtime_security.kubernetes.cluster
attributes:
  check_mode:
    description: Can run in check_mode and return the current state without waiting.
    support: full
  diff_mode:
    description: Returns details on what has changed when in diff mode.
    support: N/A
    details: This module changes nothing.
options:
  namespace:
    description: Namespace of the workloads.
    type: str
    required: true
  workloads:
    description: The workloads to wait for.
    type: list
    elements: dict
    required: true
    suboptions:
      kind:
        description: Kind of the workload.
        type: str
        required: true
        choices: [Deployment, StatefulSet, DaemonSet]
      name:
        description: Name of the workload.
        type: str
        required: true
  timeout:
    description: Seconds to wait, for all workloads together.
    type: int
    default: 300
  poll_interval:
    description: Seconds between two checks.
    type: float
    default: 0.5
  log_lines:
    description: Lines of a container's log in the error. V(0) excludes the log.
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
      description: Seconds from the start of the task until it was; null if it is not.
      type: float
      sample: 12.4
    wanted:
      description: Desired number of pods; null if the workload does not exist.
      type: int
      sample: 1
    updated:
      description: Number of pods of the current template; null if the workload does not exist.
      type: int
      sample: 1
    available:
      description: Number of available pods; null if the workload does not exist.
      type: int
      sample: 1
    reason:
      description: Why it is not rolled out; empty if it is.
      type: str
      sample: ""
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import rollouts
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(rollouts)


if __name__ == "__main__":
    main()
