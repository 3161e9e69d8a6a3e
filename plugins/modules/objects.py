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
      - The objects, in the order in which they are written.
      - For O(state=absent) kind, name and namespace are enough. Without a name all objects of the kind go that have the
        definition's labels.
    type: list
    elements: dict
    required: true
  state:
    description:
      - V(present) makes what is not there, and changes what says something else.
      - V(created) makes what is not there, and fails where it exists. It is for what an earlier answer of the API server did
        not list.
      - V(absent) removes what exists, and in the background what belongs to it. A volume claim that a pod has mounted is
        waited for, and an error when it stays in use.
    type: str
    choices: [present, created, absent]
    default: present
  owner:
    description:
      - Labels by which objects of the caller are told from those of others.
      - For O(state=present) and O(state=created) an object without them is an error, and nothing is written. For
        O(state=absent) it stays.
    type: dict
    default: {}
  wait:
    description:
      - Whether a task with O(state=absent) lasts until the objects are gone, with all that belongs to them.
    type: bool
    default: false
  wait_timeout:
    description:
      - Seconds that each wait may take.
    type: int
    default: 120
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
  - An answer of the API server that is not clear (an error, no answer, a list that is not whole) ends the task before the
    first change. An object is deleted by its uid, so that one that was made again meanwhile stays.
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

- name: Remove a ConfigMap, if it is ours
  runtime_security.kubernetes.objects:
    state: absent
    owner: {app.kubernetes.io/managed-by: example}
    definitions:
      - {apiVersion: v1, kind: ConfigMap, metadata: {name: motd, namespace: default}}

- name: Remove all Secrets with a label
  runtime_security.kubernetes.objects:
    state: absent
    definitions:
      - {apiVersion: v1, kind: Secret, metadata: {namespace: default, labels: {app.kubernetes.io/part-of: example}}}
"""

RETURN = r"""
objects:
  description:
    - The objects as they are after the task, or as they would be in check mode, in the order of O(definitions).
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

import copy

from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import get_api_client
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.core import AnsibleK8SModule
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.exceptions import CoreException
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.resource import create_definitions
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.runner import perform_action
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.service import K8sService
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import (
    Reader,
    UnclearAnswer,
    connected,
    readable,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.owned_objects import (
    NotOurs,
    Remover,
    existing,
    place,
    refuse_foreign,
    selected,
)

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
    spec["state"] = {"type": "str", "choices": ["present", "created", "absent"], "default": "present"}
    spec["force"] = {"type": "bool", "default": False}
    spec["owner"] = {"type": "dict", "default": {}}
    spec["wait"] = {"type": "bool", "default": False}
    spec["wait_timeout"] = {"type": "int", "default": 120}
    return spec


def created(service: K8sService, definition: dict) -> dict:
    """Make an object that does not exist. In check mode its namespace may not exist either: then it is announced."""
    resource = service.find_resource(definition["kind"], definition["apiVersion"], fail=True)
    try:
        made, _warnings = service.create(resource, definition)
    except CoreException:
        namespace = {"metadata": {"name": definition["metadata"].get("namespace")}}
        if not service.module.check_mode or not namespace["metadata"]["name"]:
            raise
        if service.retrieve(service.find_resource("Namespace", "v1", fail=True), namespace):
            raise
        made = definition
    if not made:
        # kubernetes.core answers a conflict with nothing.
        raise NotOurs(
            f"{place(definition)}: exists, and a moment ago the API server did not know it. Expected none of that name. "
            "It was not changed. Fix: look who made it, then run again."
        )
    return {"changed": True, "result": made, "diff": {"before": {}, "after": made}}


def definitions(params: dict) -> list[dict]:
    # kubernetes.core makes an empty definition of none at all.
    return create_definitions({"resource_definition": params["definitions"]}) if params["definitions"] else []


def write(module: AnsibleK8SModule, client, reader: Reader) -> list[dict]:
    """What was done for each definition, once it is clear that each may be written."""
    params = module.params
    service = K8sService(client, module)
    found = [(definition, existing(reader, definition)) for definition in definitions(params)]
    refuse_foreign(found, params["owner"], params["state"] == "created")
    options = {**params, "state": "present", "hidden_fields": BOOKKEEPING}
    return [
        created(service, definition) if now is None else perform_action(service, definition, options)
        for definition, now in found
    ]


def remove(module: AnsibleK8SModule, client, reader: Reader) -> list[dict]:
    """What was removed, once everything was found."""
    params = module.params
    found = [one for definition in definitions(params) for one in selected(reader, definition, params["owner"])]
    if not module.check_mode:
        Remover(reader, params["wait_timeout"], params["wait"]).remove(found)
    shown = [{"apiVersion": one["apiVersion"], "kind": one["kind"], "metadata": one["metadata"]} for one in found]
    return [
        {"changed": True, "result": one, "diff": {"before": {place(one): "exists"}, "after": {place(one): "absent"}}}
        for one in shown
    ]


def main() -> None:
    module = AnsibleK8SModule(argument_spec=argument_spec(), supports_check_mode=True)
    try:
        client = connected(lambda: get_api_client(module))
        reader = Reader(client)
        done = (remove if module.params["state"] == "absent" else write)(module, client, reader)
    except CoreException as error:
        module.fail_json(msg=readable(str(error)))
    except UnclearAnswer as error:
        module.fail_json(msg=f"What the cluster answers is not clear, and nothing more was changed. {error}")
    except NotOurs as error:
        module.fail_json(msg=str(error))
    except HTTPError as error:
        module.fail_json(msg=f"The cluster did not take what was written: {error}")
    result = {"changed": any(one["changed"] for one in done), "objects": [one["result"] for one in done]}
    diffs = [one["diff"] for one in done if one.get("diff")]
    if diffs and module._diff:
        result["diff"] = diffs
    module.exit_json(**result)


if __name__ == "__main__":
    main()
