#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: machine_kernel_info
short_description: Find out whether a cluster's nodes have this machine's kernel
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Tells whether what is found out about this machine's kernel holds for the nodes of a cluster. It does for nodes that are
    containers of an engine on this machine, and for a node that is this machine. It does not for engines in a virtual machine
    (Docker Desktop, a machine of Podman), for a remote E(DOCKER_HOST) or context, and for virtual machines.
  - Compares the boot id and the kernel of all nodes with those of this machine. Where no API server answers, as before the
    cluster is created, asks the engine that will have its nodes for kernel, memory and host name.
  - What cannot be told is another kernel.
extends_documentation_fragment:
  - runtime_security.kubernetes.cluster
options:
  driver:
    description:
      - minikube's driver that will create the nodes, for the time before there are any. V(docker) and V(podman) ask that engine,
        with V(none) this machine is the node, any other creates machines of their own.
    type: str
    default: ""

attributes:
  check_mode:
    description: Can run in check mode and does the same there.
    support: full
  diff_mode:
    description: Nothing changes.
    support: none
"""

EXAMPLES = r"""
- name: Find out whose kernel the nodes have
  runtime_security.kubernetes.machine_kernel_info:
    context: runtime-security
    driver: docker
  register: kernel

- name: Show it
  ansible.builtin.debug:
    msg: "{{ kernel.same }}, because {{ kernel.reason }}"
"""

RETURN = r"""
same:
  description: Whether all nodes have this machine's kernel.
  returned: success
  type: bool
  sample: true
readiness:
  description: Where readiness is to be asked for, as the role C(falco_ebpf) names it.
  returned: success
  type: str
  choices: [machine, nodes]
  sample: machine
asked:
  description: Who decided. Only the nodes know for certain.
  returned: success
  type: str
  choices: [machine, nodes, engine]
  sample: nodes
certain:
  description: Whether that was said clearly. An engine that does not answer, for example one that is yet to start, says nothing.
  returned: success
  type: bool
  sample: true
reason:
  description: Why, in words.
  returned: success
  type: str
  sample: all nodes have this machine's boot id
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import machine_kernel
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(machine_kernel)


if __name__ == "__main__":
    main()
