#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: objects_info
short_description: Read objects of several kinds in one task
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Reads objects of a cluster, of as many kinds and namespaces as are asked for. What does not exist is an empty list.
  - Only what the API server clearly states is returned. An error, no answer within 30 seconds, a list that is not whole, or
    "not found" from something else than the API server is an error of the task.
  - M(kubernetes.core.k8s_info) reads one kind in a task, and most of the time of such a task goes into starting Python
    and loading the client. Use it where one kind is enough.
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - runtime_security.kubernetes.reading
requirements:
  - python >= 3.9
  - kubernetes >= 24.2.0
options:
  objects:
    description:
      - What to read.
    type: list
    elements: dict
    default: []
    suboptions:
      api_version:
        description:
          - Group and version of the kind.
        type: str
        default: v1
      kind:
        description:
          - Kind of the objects. One that the cluster does not know has no objects.
        type: str
        required: true
      known:
        description:
          - Whether the cluster has to know the kind; one that it does not know is then an error.
        type: bool
        default: false
      namespace:
        description:
          - Namespace of the objects; without it those of all namespaces, or of a kind that has none.
        type: str
      name:
        description:
          - Name of the one object to read.
        type: str
      label_selectors:
        description:
          - Labels the objects have, each as C(key=value) or another of the selectors that Kubernetes knows.
        type: list
        elements: str
        default: []
notes:
  - Use C(no_log) on a task that reads Secrets.
seealso:
  - module: kubernetes.core.k8s_info
"""

EXAMPLES = r"""
- name: Read Grafana's Service and the nodes
  runtime_security.kubernetes.objects_info:
    objects:
      - kind: Service
        namespace: monitoring
        name: grafana
      - kind: Node
  register: read

- name: Show the addresses
  ansible.builtin.debug:
    msg: "{{ read.objects[1] | map(attribute='status.addresses') }}"
"""

RETURN = r"""
objects:
  description: A list of objects for each entry of O(objects), in its order.
  returned: success
  type: list
  elements: list
  sample:
    - - apiVersion: v1
        kind: Service
        metadata:
          name: grafana
          namespace: monitoring
    - []
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

try:
    from kubernetes.dynamic.exceptions import ApiException
    from urllib3.exceptions import HTTPError
except ImportError:
    # AnsibleK8SModule says what is missing.
    ApiException = HTTPError = Exception


def argument_spec() -> dict:
    spec = copy.deepcopy(AUTH_ARG_SPEC)
    asked = {
        "api_version": {"type": "str", "default": "v1"},
        "kind": {"type": "str", "required": True},
        "known": {"type": "bool", "default": False},
        "namespace": {"type": "str"},
        "name": {"type": "str"},
        "label_selectors": {"type": "list", "elements": "str", "default": []},
    }
    spec["objects"] = {"type": "list", "elements": "dict", "default": [], "options": asked}
    return spec


def read(reader: Reader, asked: dict) -> list:
    kind, version, namespace = asked["kind"], asked["api_version"], asked["namespace"]
    if asked.get("known") and reader.resource(kind, version) is None:
        raise UnclearAnswer(f"kind {version} {kind}: the cluster does not know it, and objects of it may exist.")
    if asked["name"]:
        found = reader.one(kind, version, asked["name"], namespace)
        return [] if found is None else [found]
    # In a list the objects themselves do not say what they are.
    listed = reader.all(kind, version, namespace, ",".join(asked["label_selectors"]))
    return [{"apiVersion": version, "kind": kind, **found} for found in listed]


def main() -> None:
    module = AnsibleK8SModule(argument_spec=argument_spec(), supports_check_mode=True)
    try:
        reader = Reader(connected(lambda: get_api_client(module)))
        found = [read(reader, asked) for asked in module.params["objects"]]
    except CoreException as error:
        module.fail_from_exception(error)
    except UnclearAnswer as error:
        module.fail_json(msg=f"What the cluster answers is not clear, and nothing was changed. {error}")
    except (ApiException, HTTPError) as error:
        module.fail_json(msg=f"The cluster did not give what was asked of it: {error}")
    module.exit_json(changed=False, objects=found)


if __name__ == "__main__":
    main()
