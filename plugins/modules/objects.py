#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: objects
short_description: Write objects of several kinds in one task
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Makes, changes or removes objects of a cluster, by the code of M(kubernetes.core.k8s) and to the same end.
  - Most of the time of a task with M(kubernetes.core.k8s) goes into starting Python and loading the client. This module
    runs in Ansible's worker, and takes as many objects as there are to write. Use M(kubernetes.core.k8s) for all else that
    it can do.
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
requirements:
  - python >= 3.9
  - kubernetes >= 24.2.0
options:
  definitions:
    description:
      - The objects, in the order in which they are written. For O(state=absent) kind, name and namespace are enough.
    type: list
    elements: dict
    required: true
  state:
    description:
      - V(present) makes what is not there, and changes what says something else; V(absent) removes what is there, and in the
        background what belongs to it.
    type: str
    choices: [present, absent]
    default: present
  force:
    description:
      - Whether an object that is there is replaced as a whole, so that what the definition does not say goes.
    type: bool
    default: false
attributes:
  check_mode:
    description:
      - Can run in check mode and tell what would change, by the API server's own dry run; what goes into a namespace that is
        not there yet would be made as it is.
    support: full
  diff_mode:
    description: Returns what changes.
    support: full
notes:
  - Use C(no_log) on a task that writes Secrets.
seealso:
  - module: kubernetes.core.k8s
  - module: runtime_security.kubernetes.objects_info
"""

EXAMPLES = r"""
- name: Make an account and let it read pods
  runtime_security.kubernetes.objects:
    definitions:
      - apiVersion: v1
        kind: ServiceAccount
        metadata: {name: reader, namespace: default}
      - apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: reader, namespace: default}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
        subjects: [{kind: ServiceAccount, name: reader, namespace: default}]

- name: Remove a ConfigMap
  runtime_security.kubernetes.objects:
    state: absent
    definitions:
      - {apiVersion: v1, kind: ConfigMap, metadata: {name: motd, namespace: default}}
"""

RETURN = r"""
objects:
  description: The objects as they are after the task, or as they would be in check mode, in the order of O(definitions).
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

import copy

from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import get_api_client
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.core import AnsibleK8SModule
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.exceptions import CoreException
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.resource import create_definitions
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.runner import perform_action
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.service import K8sService

try:
    from urllib3.exceptions import HTTPError
except ImportError:
    # AnsibleK8SModule says what is missing.
    HTTPError = Exception


# The API server's own; a diff of it tells nothing.
BOOKKEEPING = ["metadata.generation", "metadata.managedFields", "metadata.resourceVersion"]


def argument_spec() -> dict:
    spec = copy.deepcopy(AUTH_ARG_SPEC)
    spec["definitions"] = {"type": "list", "elements": "dict", "required": True}
    spec["state"] = {"type": "str", "choices": ["present", "absent"], "default": "present"}
    spec["force"] = {"type": "bool", "default": False}
    return spec


def written(service: K8sService, definition: dict, params: dict) -> dict:
    """What came of it. In check mode the namespace may be announced only, which the API server knows nothing of."""
    try:
        return perform_action(service, definition, params)
    except CoreException:
        place = {"metadata": {"name": definition["metadata"].get("namespace")}}
        if not service.module.check_mode or not place["metadata"]["name"]:
            raise
        if service.retrieve(service.find_resource("Namespace", "v1", fail=True), place):
            raise
        return {"changed": True, "result": definition, "diff": {"before": {}, "after": definition}}


def main() -> None:
    module = AnsibleK8SModule(argument_spec=argument_spec(), supports_check_mode=True)
    made = []
    try:
        # Of a Job the API server would leave the pods.
        module.params["delete_options"] = {"propagationPolicy": "Background"}
        service = K8sService(get_api_client(module), module)
        for definition in create_definitions({"resource_definition": module.params["definitions"]}):
            made.append(written(service, definition, {**module.params, "hidden_fields": BOOKKEEPING}))
    except CoreException as error:
        module.fail_from_exception(error)
    except HTTPError as error:
        module.fail_json(msg=f"The cluster did not take what was written: {error}")
    result = {"changed": any(one["changed"] for one in made), "objects": [one["result"] for one in made]}
    diffs = [one["diff"] for one in made if one.get("diff")]
    if diffs:
        result["diff"] = diffs
    module.exit_json(**result)


if __name__ == "__main__":
    main()
