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

try:
    from kubernetes.dynamic.exceptions import DynamicApiError, NotFoundError
    from kubernetes.dynamic.resource import ResourceList
    from urllib3.exceptions import HTTPError
except ImportError:
    # AnsibleK8SModule says what is missing.
    DynamicApiError = HTTPError = NotFoundError = OSError

METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
# Made by the cluster for each namespace, pod or Service.
TRANSIENT = {"Endpoints", "EndpointSlice", "Event", "PodMetrics"}
EVERYWHERE = {
    "ConfigMap/istio-ca-root-cert",
    "ConfigMap/kube-root-ca.crt",
    "ConfigMap/openshift-service-ca.crt",
    "ServiceAccount/builder",
    "ServiceAccount/default",
    "ServiceAccount/deployer",
}


def put_there(kind: str, metadata: dict, leave_out: list[str]) -> bool:
    """Whether somebody made the object, and not the cluster by itself or one of those that do not count."""
    words = {**(metadata.get("annotations") or {}), **(metadata.get("labels") or {})}
    return (
        kind not in TRANSIENT
        and f"{kind}/{metadata['name']}" not in EVERYWHERE
        and not metadata.get("ownerReferences")
        and not metadata.get("deletionTimestamp")
        and not {f"{name}={value}" for name, value in words.items()}.intersection(leave_out)
    )


def objects(client, namespace: str, leave_out: list[str]) -> list[str]:
    # kubernetes.core keeps the kinds it once found at an address in a file; what is of a newer one would be overlooked.
    client.resources.invalidate_cache()
    kinds = {
        (resource.group, resource.kind): resource
        for resource in client.resources.search()
        if not isinstance(resource, ResourceList)
        and getattr(resource, "namespaced", False)
        and "list" in (getattr(resource, "verbs", None) or [])
        and resource.preferred
    }
    # From here on nothing of an object but its metadata leaves the API server.
    client.client.set_default_header("Accept", METADATA)
    found = set()
    for (_group, kind), resource in kinds.items():
        try:
            items = client.get(resource, namespace=namespace).to_dict().get("items") or []
        except NotFoundError:
            # The kind has gone since the API server listed it, as those of an operator that is being removed.
            continue
        found |= {
            f"{kind}/{item['metadata']['name']}" for item in items if put_there(kind, item["metadata"], leave_out)
        }
    return sorted(found)


def main() -> None:
    spec = copy.deepcopy(AUTH_ARG_SPEC)
    spec.update(
        namespace={"type": "str", "required": True}, leave_out={"type": "list", "elements": "str", "default": []}
    )
    module = AnsibleK8SModule(argument_spec=spec, supports_check_mode=True)
    try:
        found = objects(get_api_client(module).client, module.params["namespace"], module.params["leave_out"])
        module.exit_json(changed=False, objects=found)
    except (DynamicApiError, CoreException, HTTPError, OSError) as exc:
        module.fail_json(msg=f"Namespace {module.params['namespace']} cannot be read: {exc}")


if __name__ == "__main__":
    main()
