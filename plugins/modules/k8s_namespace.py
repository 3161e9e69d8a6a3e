#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_namespace
short_description: Create a namespace with labels, and remove it once it is empty
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Creates a namespace and marks it with the labels of O(owner). An existing namespace without these labels belongs to somebody
    else; it is neither changed nor removed. Where its labels conflict with O(labels), the task fails and names the command
    that sets them.
  - A namespace is removed only with evidence that it has the labels of O(owner) and that nothing that somebody created is in
    it. Every kind of every API group is listed for that, including those of CustomResourceDefinitions.
  - What the cluster itself creates in each namespace does not count, such as the default ServiceAccount, the ConfigMap
    C(kube-root-ca.crt), Events and Endpoints, nor does what belongs to another object or is being deleted.
extends_documentation_fragment:
  - runtime_security.kubernetes.cluster
options:
  name:
    description: Name of the namespace.
    type: str
    required: true
  state:
    description:
      - V(present) creates the namespace, and gives one of O(owner) the labels that it lacks. One that is being deleted is waited
        for and created again.
      - V(absent) removes one of O(owner) that is empty, and lasts until it is gone. What is in it is returned as RV(remaining)
        otherwise.
    type: str
    choices: [present, absent]
    default: present
  labels:
    description: Labels that the namespace needs, for example for the Pod Security admission.
    type: dict
    default: {}
  owner:
    description: Labels that tell namespaces of the caller from those of others.
    type: dict
    default: {app.kubernetes.io/managed-by: runtime_security.kubernetes}
  removed_releases:
    description:
      - Names of Helm releases that earlier tasks uninstalled, or the value C(releases) that
        M(runtime_security.kubernetes.helm_releases) returned for O(runtime_security.kubernetes.helm_releases#module:state=absent).
      - In check mode their objects still exist; they do not count, nor do objects with the labels of O(owner).
    type: raw
    default: []
  wait_timeout:
    description: Seconds that a deletion may take.
    type: int
    default: 120
attributes:
  check_mode:
    description: Can run in check mode and tell what would change; in a cluster that does not exist yet the namespace is announced.
    support: full
  diff_mode:
    description: Shows the labels that change, or the namespace that is created or removed.
    support: full
notes:
  - An answer of the API server that is not clear, or a kind that may not be listed, ends the task before the namespace is
    removed.
seealso:
  - module: runtime_security.kubernetes.k8s_objects
"""

EXAMPLES = r"""
- name: Create a namespace whose pods may be privileged
  runtime_security.kubernetes.k8s_namespace:
    name: falco
    labels: {pod-security.kubernetes.io/enforce: privileged}

- name: Remove the namespace, unless somebody has something in it
  runtime_security.kubernetes.k8s_namespace:
    name: falco
    state: absent
"""

RETURN = r"""
created:
  description: Whether the task created the namespace, or would in check mode.
  returned: success
  type: bool
owned:
  description: Whether the namespace has, or until its removal had, the labels of O(owner).
  returned: success
  type: bool
labels:
  description: All labels of the namespace after the task, {} where it does not exist.
  returned: success
  type: dict
  sample: {app.kubernetes.io/managed-by: runtime_security.kubernetes, kubernetes.io/metadata.name: falco}
remaining:
  description: Kind and name of each object because of which a namespace of O(owner) stays.
  returned: success
  type: list
  elements: str
  sample: [ConfigMap/settings, Deployment/shop]
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import k8s_namespace
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(k8s_namespace)


if __name__ == "__main__":
    main()
