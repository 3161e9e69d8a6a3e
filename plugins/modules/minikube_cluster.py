#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: minikube_cluster
short_description: Manage a minikube profile
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Creates, starts, reconfigures or removes a minikube profile.
  - Compares the options with the profile's record. Only settings that were set here count as drift; what minikube or a
    user added is kept, and a setting that is no longer set is undone once. Settings that minikube cannot change on an
    existing cluster (driver, runtime, CNI, CPUs, memory, base image, an older Kubernetes) are refused unless
    O(recreate=true).
  - A running node is stopped before it is reconfigured, because its container runtime restarts then, and pods that mount
    the runtime's socket (Falco) would keep a dead one.
  - What minikube cannot answer is read from the container engine and the cluster's API server. Nothing is stopped or
    removed because of an answer that is missing, late or unclear; the task ends with the engine's and minikube's messages
    instead. Temporary conditions are waited for within O(timeout). docs/safety.md lists each step with the evidence that
    it needs.
  - If minikube cannot reach the node, the API server reports all nodes as ready, and nothing has to be changed, the task
    continues with a warning.
  - A profile whose first start never ended is removed and created again, if the engine reports that it never had data.
    Otherwise its node is started again, after a stop if it runs.
  - A node whose container is gone is created again, with its volume if that still exists.
  - minikube's record of the profile is copied, and restored if it was lost or truncated and the node exists.
  - A container or a volume without a profile is refused unless O(recreate=true).
  - A folder of minikube's state that this module creates is marked, and removed with its last profile.
  - Waits up to 15 minutes for a minikube that this module started and that still runs, such as one of an interrupted run.
requirements:
  - minikube >= 1.38
options:
  state:
    description: State of the cluster.
    type: str
    choices: [present, absent]
    default: present
  profile:
    description: Name of the profile.
    type: str
    default: minikube
  binary:
    description: The program minikube, a path or a name in E(PATH).
    type: path
    default: minikube
  home:
    description: Folder of minikube's state, E(MINIKUBE_HOME). By default minikube's own.
    type: path
  kubeconfig:
    description: Kubeconfig file for the profile's context. By default the client's own.
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
    description: Version of Kubernetes, in the form V(v1.35.1).
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
      - Settings of Kubernetes' components, each in the form V(apiserver.audit-log-path=-). A setting that was set here
        and is no longer in the list is undone; what minikube or a user added is kept.
    type: list
    elements: str
    default: []
  start_options:
    description: Additional options for C(minikube start). They do not count as drift.
    type: list
    elements: str
    default: []
  cache:
    description:
      - Folder with minikube's downloads, in the layout of its C(cache). Its folders C(images) and C(linux) are linked
        into O(home) before a start.
    type: path
  files:
    description:
      - Files of the node, by their path there, with their content. minikube copies them to the node at each start, so a
        node that was started with other content is stopped and started. They are removed with the profile, unless
        somebody changed them.
    type: dict
    default: {}
  host_proc:
    description:
      - Mount the machine's C(/proc) read-only at C(/procHost) in nodes of the drivers V(docker) and V(podman). Falco
        needs it to know processes that started before it, because such a node has a PID namespace of its own.
      - It is mounted only when a node is created. A profile without it causes a warning, and does not count as drift.
      - A C(--mount-string) in O(start_options) replaces it, because minikube has only one mount.
    type: bool
    default: false
  recreate:
    description:
      - Allow the cluster to be removed and created again if a setting cannot be changed otherwise. Without it no cluster
        is removed whose node, a container or a machine, exists.
    type: bool
    default: false
  restart:
    description:
      - Allow a node that is not healthy within O(timeout), or that minikube cannot reach, to be stopped and started, if
        the engine clearly reports that it exists. Each of its pods restarts. minikube
        itself resets a cluster whose control plane does not start again (docs/safety.md).
    type: bool
    default: false
  timeout:
    description: Seconds to wait for temporary conditions, such as an unhealthy cluster or a slow engine.
    type: int
    default: 300
attributes:
  check_mode:
    description: Can run in check mode and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Returns the changes.
    support: full
notes:
  - Messages use the variables of the role C(minikube), for example C(minikube_memory) for O(memory).
  - As root with the drivers V(docker) and V(podman) minikube needs C(--force); the module sets it.
"""

EXAMPLES = r"""
- name: Keep a small cluster with containerd
  runtime_security.kubernetes.minikube_cluster:
    driver: docker
    container_runtime: containerd
    kubernetes_version: v1.35.1
    cpus: 2
    memory: 6g

- name: Enable the API server's audit log on its standard output
  runtime_security.kubernetes.minikube_cluster:
    kubernetes_version: v1.35.1
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
    - State of the profile before the task. V(missing) has no record, V(lost) had one that is restored, V(unreadable) has
      one that cannot be parsed, V(gone) has a record and no node. V(degraded) is a node that runs without its kubelet or
      its API server, V(unlinked) a running cluster that the kubeconfig lacks, or has with another address, V(begun) a
      running one whose last start did not end, V(unasked) one that minikube cannot reach and whose API server reports it
      as healthy. V(unknown) is an unclear state; the task continues from there only with O(restart=true).
  returned: success
  type: str
  choices: [missing, lost, unreadable, gone, stopped, degraded, unlinked, begun, unasked, unknown, running]
  sample: running
steps:
  description:
    - Steps that were done, or would be done in check mode. V(restore) restores minikube's record, V(clean) removes the
      folder of minikube's state, or only the profile's files if the folder stays.
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
    kubernetes_version: v1.35.1
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
