#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: machine_kernel_info
short_description: Check whether a cluster's nodes run on this machine's kernel
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Checks whether results for this machine's kernel apply to the nodes of a cluster. They do for nodes that are
    containers of an engine on this machine, and for a node that is this machine. They do not for engines in a virtual
    machine (Docker Desktop, a machine of Podman), for a remote E(DOCKER_HOST) or context, and for virtual machines.
  - Compares the boot id and the kernel of all nodes with those of this machine. If no API server answers, as before the
    cluster is created, uses kernel, memory and host name of the engine that will run the nodes.
  - An unclear result counts as another kernel.
extends_documentation_fragment:
  - runtime_security.kubernetes.cluster
options:
  driver:
    description:
      - minikube's driver that will create the nodes, if there are none yet. V(docker) and V(podman) mean that engine,
        with V(none) this machine is the node, any other driver creates virtual machines.
    type: str
    default: ""

attributes:
  check_mode:
    description: Can run in check mode; nothing is changed.
    support: full
  diff_mode:
    description: Nothing is changed.
    support: none
"""

EXAMPLES = r"""
- name: Compare the nodes' kernel with this machine's
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
  description: Where readiness must be checked, as in the role C(falco_ebpf).
  returned: success
  type: str
  choices: [machine, nodes]
  sample: machine
asked:
  description: Source of the result. Only the nodes know for certain.
  returned: success
  type: str
  choices: [machine, nodes, engine]
  sample: nodes
certain:
  description: Whether the answer was clear. An engine that does not answer, for example one that has not started yet, gives none.
  returned: success
  type: bool
  sample: true
reason:
  description: Reason of the result.
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
