#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: namespace_objects_info
short_description: List what somebody put into a namespace
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Lists the objects of every kind in a namespace, so that nothing of anybody is lost with it.
  - A group of kinds that does not answer, or a list that is not whole, is an error.
  - Leaves out what a cluster makes itself, which are objects that belong to another one, events, endpoints, metrics, the
    default service account and the certificates that controllers put into each namespace.
notes:
  - Reads only the metadata of the objects.
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - runtime_security.kubernetes.reading
options:
  namespace:
    description: The namespace. One that is not there holds nothing.
    type: str
    required: true
  leave_out:
    description: Labels and annotations, each as C(NAME=VALUE); an object with one of them does not count.
    type: list
    elements: str
    default: []
requirements:
  - python >= 3.9
  - kubernetes >= 24.2.0
"""

EXAMPLES = r"""
- name: See whether anybody uses the namespace
  runtime_security.kubernetes.namespace_objects_info:
    context: production
    namespace: falco
  register: found
"""

RETURN = r"""
objects:
  description: Kind and name of each object, in the order of the alphabet.
  returned: success
  type: list
  elements: str
  sample: ["ConfigMap/settings", "Deployment/shop"]
"""

import copy

from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import get_api_client
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.core import AnsibleK8SModule
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.exceptions import CoreException
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import (
    Reader,
    UnclearAnswer,
    connected,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.namespace_contents import objects


def main() -> None:
    spec = copy.deepcopy(AUTH_ARG_SPEC)
    spec.update(
        namespace={"type": "str", "required": True}, leave_out={"type": "list", "elements": "str", "default": []}
    )
    module = AnsibleK8SModule(argument_spec=spec, supports_check_mode=True)
    try:
        found = objects(
            Reader(connected(lambda: get_api_client(module))), module.params["namespace"], module.params["leave_out"]
        )
        module.exit_json(changed=False, objects=found)
    except (CoreException, UnclearAnswer) as exc:
        module.fail_json(
            msg=f"What is in namespace {module.params['namespace']} is not clear, so it stays. {exc} Fix: see that every API "
            "group answers (kubectl get apiservices) and that this account may list every kind in it, then run again."
        )


if __name__ == "__main__":
    main()
