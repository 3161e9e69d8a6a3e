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
  - kubernetes.core.k8s_auth_options
options:
  driver:
    description:
      - minikube's driver that will create the nodes, for the time before there are any. V(docker) and V(podman) ask that engine,
        with V(none) this machine is the node, any other creates machines of their own.
    type: str
    default: ""
requirements:
  - kubernetes >= 24.2.0
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

import copy

from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import get_api_client
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.core import AnsibleK8SModule
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.exceptions import CoreException
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import machine_kernel

try:
    from kubernetes.dynamic.exceptions import ApiException
    from urllib3.exceptions import HTTPError
except ImportError:
    # AnsibleK8SModule says what is missing.
    ApiException = HTTPError = Exception


def nodes_of(module):
    """The cluster's nodes, or None where no API server answers."""
    try:
        client = get_api_client(module)
        return client.get(client.resource("Node", "v1")).to_dict()["items"]
    except (CoreException, ApiException, HTTPError):
        return None


def decide(module):
    kernel = machine_kernel.this_machine()
    driver = module.params["driver"]
    nodes = nodes_of(module) if kernel else []
    if kernel is None or nodes is not None:
        return machine_kernel.compare_nodes(kernel, nodes)
    if driver == "none":
        return machine_kernel.Verdict(True, "machine", "with the driver none this machine is the node")
    if driver in ("docker", "podman"):
        return machine_kernel.ask_engine(kernel, driver)
    return machine_kernel.Verdict(
        False, "machine", "no API server answers, and nodes of this kind have kernels of their own"
    )


def main():
    spec = copy.deepcopy(AUTH_ARG_SPEC)
    spec["driver"] = {"type": "str", "default": ""}
    module = AnsibleK8SModule(argument_spec=spec, supports_check_mode=True)
    verdict = decide(module)
    module.exit_json(changed=False, readiness="machine" if verdict.same else "nodes", **verdict._asdict())


if __name__ == "__main__":
    main()
