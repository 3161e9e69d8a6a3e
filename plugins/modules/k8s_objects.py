#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_objects
short_description: Create, change and remove objects of several kinds in one task
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Brings any number of objects, of any kinds and in any namespaces, to what their definitions say. Each is read first, and
    only what differs is written, so a second run writes nothing.
  - A field that a definition does not name stays as it is. A field that it sets to null is removed. A list is replaced as a
    whole, except one whose entries have names, as containers and volumes, in which entries of others stay.
  - With O(owner), objects without these labels are neither changed nor removed.
  - Values of Secrets are neither returned nor shown.
extends_documentation_fragment:
  - runtime_security.kubernetes.cluster
options:
  objects:
    description:
      - Definitions of the objects, in the order in which they are written or removed.
      - For O(state=absent) kind, name and namespace are enough. Without a name all objects of the kind go that have the labels
        of the definition and of O(owner).
    type: list
    elements: dict
    required: true
  state:
    description:
      - V(present) creates what does not exist, and changes what differs. An object that is being deleted is waited for and
        created again.
      - V(created) creates what does not exist, and fails before the first write where one of O(objects) exists.
      - V(patched) changes what exists and differs, and skips what does not exist.
      - V(absent) removes what exists, and in the background what belongs to it. A volume claim that a pod has mounted is
        waited for, and an error when it stays in use.
    type: str
    choices: [present, created, patched, absent]
    default: present
  owner:
    description:
      - Labels that tell objects of the caller from those of others.
      - An existing object without them is an error, and nothing is written; for O(state=absent) it stays.
    type: dict
    default: {}
  exact:
    description: Whether entries of C(data) that a definition of a ConfigMap or a Secret does not name are removed.
    type: bool
    default: false
  wait:
    description: Whether a task with O(state=absent) lasts until the objects are gone, with all that belongs to them.
    type: bool
    default: false
  wait_timeout:
    description: Seconds that each wait may take.
    type: int
    default: 120
attributes:
  check_mode:
    description:
      - Can run in check mode and tell what would change, by a dry run of the API server. What belongs into a namespace or a
        cluster that does not exist yet is announced as its definition says.
    support: full
  diff_mode:
    description: Shows the fields that change, and of the data of a Secret their names only.
    support: full
notes:
  - An answer of the API server that is not clear (an error, no answer, an incomplete list) ends the task before the first
    write. A change applies to the version of the object that was compared, a deletion to the object that was found and to none
    that was created again under its name.
  - M(kubernetes.core.k8s) writes one kind or a file in a task of its own, which takes most of a second to start. It knows no
    owner, deletes by name, and shows the values of Secrets. Use it for all else that it can do.
seealso:
  - module: kubernetes.core.k8s
  - module: runtime_security.kubernetes.k8s_namespace
"""

EXAMPLES = r"""
- name: Create an account and let it read pods
  runtime_security.kubernetes.k8s_objects:
    objects:
      - apiVersion: v1
        kind: ServiceAccount
        metadata: {name: reader, namespace: default}
      - apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: reader, namespace: default}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
        subjects: [{kind: ServiceAccount, name: reader, namespace: default}]

- name: Keep the account of a mail server in a Secret, without an entry of an earlier version
  runtime_security.kubernetes.k8s_objects:
    owner: {app.kubernetes.io/managed-by: example}
    objects:
      - apiVersion: v1
        kind: Secret
        metadata: {name: mail, namespace: default, labels: {app.kubernetes.io/managed-by: example}}
        data: {token: null}
        stringData: {user: alerts, password: "{{ mail_password }}"}

- name: Remove a ConfigMap that this playbook created
  runtime_security.kubernetes.k8s_objects:
    state: absent
    owner: {app.kubernetes.io/managed-by: example}
    objects:
      - {apiVersion: v1, kind: ConfigMap, metadata: {name: motd, namespace: default}}

- name: Remove all Secrets with a label
  runtime_security.kubernetes.k8s_objects:
    state: absent
    objects:
      - {apiVersion: v1, kind: Secret, metadata: {namespace: default, labels: {app.kubernetes.io/part-of: example}}}
"""

RETURN = r"""
objects:
  description:
    - The objects as they are after the task, or as they would be in check mode, in the order of O(objects) and without those
      that O(state=patched) skips. A Secret has its keys, and V((hidden\)) in the place of each value.
    - For O(state=absent) kind and metadata of those that were removed.
  returned: success
  type: list
  elements: dict
  sample:
    - apiVersion: v1
      kind: ConfigMap
      metadata:
        name: motd
        namespace: default
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import k8s_objects
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(k8s_objects)


if __name__ == "__main__":
    main()
