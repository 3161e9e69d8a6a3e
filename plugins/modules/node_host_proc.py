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
  - Finds out on each Linux node whether its C(/proc) is the kernel's root PID namespace, or where the machine's is mounted, and whether
    the root of process 1 in it can be read. Falco knows the processes that ran before it from there.
  - A node that is a container (minikube's drivers docker and podman, kind, k3d) has a PID namespace of its own.
  - Asks each node once, by a privileged pod that runs for a second, and keeps the answer in a ConfigMap. A node is asked again when it
    was made again or its machine was booted again.
  - A node that cannot be asked is no failure. It is in RV(problems), and asked again by the next run.
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
attributes:
  check_mode:
    description: Can run in check mode and tell what would change; no pod is started, and only nodes that were asked before are known.
    support: full
  diff_mode:
    description: Returns details on what has changed when in diff mode.
    support: none
requirements:
  - python >= 3.9
  - kubernetes >= 24.2.0
options:
  namespace:
    description:
      - Namespace of the pods and of the ConfigMap. It must exist and allow privileged pods.
    type: str
    required: true
  config_map:
    description:
      - Name of the ConfigMap.
    type: str
    default: node-host-proc
  image:
    description:
      - Image of the pods, with C(sh), C(cat) and C(readlink), such as C(busybox).
    type: str
    required: true
  labels:
    description:
      - Labels of the pods and of the ConfigMap.
    type: dict
    default: {}
  timeout:
    description:
      - Seconds until the pods have to have ended.
    type: int
    default: 60
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
    - The C(/proc) that Falco is to be given on every node. V(/proc) where that is the right one, or where no other path is right on all
      of them.
  returned: always
  type: str
  sample: /procHost
init:
  description: The folder to mount over process 1 in it, because that one's root cannot be read; empty when it can.
  returned: always
  type: str
  sample: /procHost/2
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
      description: What is wrong.
      returned: always
      type: str
      sample: the node's /proc is a PID namespace of its own, and the machine's is not mounted
remedy:
  description: What to do about RV(problems); empty without any.
  returned: always
  type: str
  sample: ""
nodes:
  description: The mounted C(/proc) of each node, by the node's name; null where it could not be asked.
  returned: always
  type: dict
  sample: {worker-1: [{path: /proc, namespace: root, init_root: true, stand_in: true}]}
asked:
  description: Names of the nodes that were asked; in check mode, of those that would be.
  returned: always
  type: list
  elements: str
  sample: [worker-1]
"""

import copy
import time

from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import get_api_client
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.core import AnsibleK8SModule
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.exceptions import CoreException
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import node_pods
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.ebpf import host_proc

try:
    from kubernetes.dynamic.exceptions import DynamicApiError
    from urllib3.exceptions import HTTPError
except ImportError:
    # AnsibleK8SModule says what is missing.
    DynamicApiError = HTTPError = OSError

WARNING = (
    "Node {node}: Falco will not know the processes that ran before it ({problem}). Expected is the /proc of the kernel's root PID "
    "namespace. Fix: {remedy}"
)


def run(cluster: node_pods.Cluster, params: dict, check_mode: bool) -> dict:
    """Ask the nodes that are not known yet, and decide."""
    nodes = cluster.nodes()
    kept = node_pods.known(cluster.read(), nodes)
    # One that is not ready starts no pod; it is a problem like one that does not answer.
    ask = sorted(name for name, node in nodes.items() if name not in kept and node_pods.ready(node))
    found, changed = dict(kept), bool(ask)
    if ask and not check_mode:
        answers = node_pods.ask(
            cluster, ask, params["image"], params["labels"], params["timeout"], time.monotonic, time.sleep
        )
        found.update(answers)
        changed = any(answers.values())
        if changed:
            cluster.write(node_pods.record(found, nodes))
    views = {name: found.get(name) for name in nodes}
    # What is not known in check mode is no problem yet.
    judged = {name: views[name] for name in nodes if not check_mode or name in found}
    proc, init, problems = host_proc.choose(judged)
    return {
        "changed": changed,
        "proc": proc,
        "init": init,
        "problems": [{"node": name, "problem": text} for name, text in problems],
        "remedy": host_proc.REMEDY if problems else "",
        "nodes": views,
        "asked": ask,
    }


def main() -> None:
    spec = copy.deepcopy(AUTH_ARG_SPEC)
    spec.update(
        namespace={"type": "str", "required": True},
        config_map={"type": "str", "default": "node-host-proc"},
        image={"type": "str", "required": True},
        labels={"type": "dict", "default": {}},
        timeout={"type": "int", "default": 60},
    )
    module = AnsibleK8SModule(argument_spec=spec, supports_check_mode=True)
    params = module.params
    try:
        cluster = node_pods.Cluster(get_api_client(module), params["namespace"], params["config_map"], params["labels"])
        result = run(cluster, params, module.check_mode)
        for found in result["problems"]:
            module.warn(WARNING.format(**found, remedy=result["remedy"]))
        module.exit_json(**result)
    except (DynamicApiError, CoreException, HTTPError, OSError) as exc:
        module.fail_json(msg=f"The nodes of the cluster cannot be asked where the machine's /proc is: {exc}")


if __name__ == "__main__":
    main()
