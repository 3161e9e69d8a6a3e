#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: falco_driver_info
short_description: Choose the driver with which Falco will run on all nodes of a cluster
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Takes the first of O(drivers) against which no check of M(runtime_security.kubernetes.ebpf_readiness_info) fails on any node, but
    those in O(accepted). Fails with the reasons of each node where there is none.
  - Keeps the driver with which Falco runs on all nodes, where it does so in this version and with these rights.
  - The checks run on the host of the task where its kernel is that of the nodes. Else the nodes have to be asked, by
    M(runtime_security.kubernetes.ebpf_readiness_pods_info), whose result is O(checked).
extends_documentation_fragment:
  - runtime_security.kubernetes.cluster
  - runtime_security.kubernetes.reading
options:
  driver:
    description: The driver; V(auto) means the first of O(drivers) that will run.
    type: str
    choices: [auto, modern_ebpf, kmod, ebpf]
    default: auto
  drivers:
    description: The drivers that this Falco has, the preferred one first.
    type: list
    elements: str
    choices: [modern_ebpf, kmod, ebpf]
    default: [modern_ebpf, kmod]
  readiness:
    description:
      - Where the checks run, on the host of the task (V(machine)) or on each node (V(nodes)).
      - V(auto) means this host where all nodes have its boot id, as nodes that are containers of an engine on it. If no API server
        answers, as before the cluster is created, it compares kernel, memory and host name of the engine of O(minikube_driver).
        Engines in a virtual machine or elsewhere have another kernel.
    type: str
    choices: [auto, machine, nodes]
    default: nodes
  minikube_driver:
    description: For O(readiness=auto), minikube's driver that will create the nodes, if there are none yet.
    type: str
    default: ""
  name:
    description: Name of Falco's DaemonSet.
    type: str
    default: falco
  namespace:
    description: Namespace of Falco's DaemonSet.
    type: str
    default: falco
  falco_version:
    description: Release of Falco, V(0.38.0) or newer.
    type: str
    default: 0.45.1
  buffer_preset:
    description: Falco's C(buf_size_preset), from V(1) (1 MiB for each buffer) to V(10) (512 MiB). V(4) is 8 MiB.
    type: int
    default: 4
  least_privilege:
    description: Whether Falco has only the capabilities of the chart's C(leastPrivileged).
    type: bool
    default: false
  accepted:
    description: Names of checks that may fail. The task warns of those that do.
    type: list
    elements: str
    default: []
  ignored:
    description: Names of checks that do not count.
    type: list
    elements: str
    default: []
  checked:
    description: The result of M(runtime_security.kubernetes.ebpf_readiness_pods_info), where the nodes were asked.
    type: dict
  previous:
    description: An earlier result of this module. It is returned again where the options are the same, and nothing is checked.
    type: dict
seealso:
  - module: runtime_security.kubernetes.ebpf_readiness_info
  - module: runtime_security.kubernetes.ebpf_readiness_pods_info
"""

EXAMPLES = r"""
- name: See whether Falco runs already
  runtime_security.kubernetes.falco_driver_info:
    falco_version: 0.45.1
  register: falco

- name: Ask the nodes
  runtime_security.kubernetes.ebpf_readiness_pods_info:
    falco_version: 0.45.1
  register: nodes
  when: falco.driver == ''

- name: Choose a driver for all of them
  runtime_security.kubernetes.falco_driver_info:
    falco_version: 0.45.1
    accepted: [memlock]
    checked: "{{ nodes }}"
  register: falco
  when: nodes is not skipped
"""

RETURN = r"""
driver:
  description: The driver; empty where the nodes have to be asked.
  returned: success
  type: str
  sample: modern_ebpf
findings:
  description: Checks that failed for this driver, and are in O(accepted).
  returned: success
  type: list
  elements: str
  sample: [memlock]
unknown:
  description: Checks for this driver that had no clear answer.
  returned: success
  type: list
  elements: str
  sample: []
source:
  description:
    - By what the driver was chosen, the checks on this host (V(machine)) or on the nodes (V(nodes)), or the Falco that runs
      (V(deployed)). V(announced) in check mode where the nodes would be asked, empty without a driver.
  returned: success
  type: str
  sample: nodes
question:
  description: A hash of the options, for O(previous); empty where the answer may be another one later in the same run.
  returned: success
  type: str
  sample: 5d41402abc4b2a76b9719d911017c5925d41402abc4b2a76b9719d911017c592
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco import driver
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(driver)


if __name__ == "__main__":
    main()
