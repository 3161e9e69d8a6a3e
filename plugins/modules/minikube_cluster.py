#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: minikube_cluster
short_description: Keep a minikube profile in a state
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Makes, starts, reconfigures or removes a minikube profile.
  - Compares what is asked for with the profile's own record. Only settings that were set here count as drift; what minikube or
    a user added is kept, and a setting that is no longer asked for is undone once. Settings that minikube cannot change on a
    cluster that exists (driver, runtime, CNI, CPUs, memory, base image, an older Kubernetes) are refused unless O(recreate=true).
  - A node that runs is stopped before it is reconfigured, as its container runtime restarts then, and pods that have the
    runtime's socket mounted (Falco) would be left with one that nobody listens on.
  - What minikube cannot tell is asked of the container engine and of the cluster's API server. Nothing is stopped or removed
    because of an answer that is missing, late or unclear; the task ends with the engine's and minikube's words instead. What
    may pass by itself is waited for within O(timeout). docs/safety.md lists each step with the evidence that it needs.
  - Where minikube cannot ask the node, and the API server reports all nodes as ready, and nothing has to be changed, the task
    goes on with a warning.
  - A profile whose first start never ended is removed and made again, if the engine says that nothing was ever put into it.
    Otherwise its node is started once more, after a stop where it runs.
  - A node whose container is gone is created again, around its volume where that is there still.
  - minikube's record of the profile is copied, and written back where it was lost or cut short and the node exists.
  - A container or a volume without a profile is refused unless O(recreate=true).
  - A folder of minikube's state that this module makes is marked, and removed with its last profile.
  - Waits up to 15 minutes while a minikube that this module started is at work on the profile, as one that an
    interrupted run left.
requirements:
  - minikube >= 1.38
options:
  state:
    description: Whether the cluster is to run or to be gone.
    type: str
    choices: [present, absent]
    default: present
  profile:
    description: Name of the profile.
    type: str
    default: minikube
  binary:
    description: The minikube program, a path or a name in E(PATH).
    type: path
    default: minikube
  home:
    description: Folder of minikube's state, E(MINIKUBE_HOME). Not given, minikube's own default holds.
    type: path
  kubeconfig:
    description: File that gets the profile's context. Not given, the client's own default holds.
    type: path
  driver:
    description: minikube's driver.
    type: str
    choices: [docker, kvm2, none, podman, qemu2, ssh, virtualbox]
  container_runtime:
    description: Container runtime of the node.
    type: str
    choices: [containerd, cri-o, docker]
  kubernetes_version:
    description: Version of Kubernetes, in the form V(v1.34.4).
    type: str
  cni:
    description: Pod network, for example V(bridge) or V(calico).
    type: str
  cpus:
    description: CPUs of the node.
    type: int
  memory:
    description: Memory of the node, in MiB or with the unit C(m) or C(g). minikube refuses less than 1800 MiB.
    type: str
  base_image:
    description: Image of the node for the container drivers.
    type: str
  extra_config:
    description:
      - Settings of Kubernetes' components, each in the form V(apiserver.audit-log-path=-). One that was set here and is no longer
        in the list is undone; what minikube or a user added is kept.
    type: list
    elements: str
    default: []
  start_options:
    description: Further options for C(minikube start). They do not count as drift.
    type: list
    elements: str
    default: []
  cache:
    description:
      - Folder with what minikube would download, as minikube keeps it below C(cache). Its folders C(images) and C(linux) are
        linked into O(home) before a start.
    type: path
  files:
    description:
      - Files of the node, by their path there, with their content. minikube copies them into the node at each start, so a
        node that was started with other content is stopped and started. They are removed with the profile, unless somebody
        changed them.
    type: dict
    default: {}
  host_proc:
    description:
      - Whether nodes of the drivers V(docker) and V(podman) get the machine's C(/proc), read-only, at C(/procHost). Falco
        needs it there to know processes that started before it, as such a node has a PID namespace of its own.
      - A node gets it only when it is created. A profile without it is reported with a warning, and does not count as drift.
      - A C(--mount-string) in O(start_options) takes its place, because minikube has one mount only.
    type: bool
    default: false
  recreate:
    description:
      - Whether the cluster may be removed and made again where nothing else leads to what is asked for. Without it no cluster
        is removed whose node, a container or a machine, exists.
    type: bool
    default: false
  restart:
    description:
      - Whether a node that is not healthy within O(timeout), or that minikube cannot ask, may be stopped and started, as far as
        the engine says clearly that it exists. Each of its pods restarts. minikube
        itself resets a cluster whose control plane does not start again (docs/safety.md).
    type: bool
    default: false
  timeout:
    description:
      - Seconds to wait for what may pass by itself, a cluster that is not healthy or an engine that is slow, before anything is
        concluded from it.
    type: int
    default: 300
attributes:
  check_mode:
    description: Can run in check mode and tell what would change.
    support: full
  diff_mode:
    description: Returns what changes.
    support: full
notes:
  - Messages name the options as the role C(minikube) has them, for example
    C(minikube_memory) for O(memory).
  - As root with the drivers V(docker) and V(podman) minikube only starts with C(--force); the module gives it then.
"""

EXAMPLES = r"""
- name: Keep a small cluster with containerd
  runtime_security.kubernetes.minikube_cluster:
    driver: docker
    container_runtime: containerd
    kubernetes_version: v1.34.4
    cpus: 2
    memory: 6g

- name: Let the API server log its requests to its standard output
  runtime_security.kubernetes.minikube_cluster:
    kubernetes_version: v1.34.4
    files:
      etc/ssl/certs/audit-policy.yaml: "{{ lookup('ansible.builtin.file', 'audit-policy.yaml') }}"
    extra_config:
      - apiserver.audit-policy-file=/etc/ssl/certs/audit-policy.yaml
      - apiserver.audit-log-path=-

- name: Remove the cluster
  runtime_security.kubernetes.minikube_cluster:
    state: absent
"""

RETURN = r"""
state:
  description:
    - State of the profile before the task. V(missing) has no record, V(lost) had one that is written back, V(unreadable) has one
      that cannot be understood, V(gone) has a record and no node. V(degraded) is a node that runs without its kubelet or its
      API server, V(unlinked) a cluster that runs and that the kubeconfig does not know, or knows under another address, V(begun)
      one that runs and whose last start was not seen to end, V(unasked) one that minikube cannot ask and whose API server
      reports it as healthy. V(unknown) is what cannot be told; the task only goes on from there with O(restart=true).
  returned: success
  type: str
  choices: [missing, lost, unreadable, gone, stopped, degraded, unlinked, begun, unasked, unknown, running]
  sample: running
steps:
  description:
    - What was done, or would be done in check mode. V(restore) writes minikube's record back, V(clean) removes the folder of
      minikube's state, or only what was written for the profile from one that stays.
  returned: success
  type: list
  elements: str
  choices: [restore, delete, stop, start, link, clean]
  sample: [delete, start]
cluster:
  description: Settings of the profile after the task; before it in check mode. Memory is in MiB.
  returned: success and a profile exists
  type: dict
  sample:
    driver: docker
    container_runtime: containerd
    kubernetes_version: v1.34.4
    cni: bridge
    cpus: 2
    memory: 6144
    base_image: gcr.io/k8s-minikube/kicbase:v0.0.50
    mounts: ["/proc:/procHost:ro"]
    extra_config: ["apiserver.audit-log-path=-"]
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import minikube_cluster
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(minikube_cluster)


if __name__ == "__main__":
    main()
