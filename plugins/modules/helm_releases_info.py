#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: helm_releases_info
short_description: Ask a cluster for its namespaces, and for Helm releases and who installed them
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Lists the namespaces with their labels, and the Helm releases of some names in all namespaces. Without the right to
    list Secrets and ConfigMaps in all of them it looks into O(namespaces).
  - Tells which of these releases this collection installed. Beside each of them it puts a ConfigMap with the label
    C(runtime-security/release), before Helm begins.
  - Only what the API server clearly states counts. An error, a list that is not whole, a release whose newest revision is
    missing, or a mark that exists and is not listed, ends the task.
notes:
  - Reads only the metadata of Helm's Secrets and of the ConfigMaps.
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - runtime_security.kubernetes.reading
options:
  names:
    description: Names of the releases to look for.
    type: list
    elements: str
    required: true
  namespaces:
    description: Where to look with an account that may not look everywhere. Those that are not there are passed over.
    type: list
    elements: str
    default: []
requirements:
  - python >= 3.9
  - kubernetes >= 24.2.0
"""

EXAMPLES = r"""
- name: Look whose Grafana and Prometheus there are
  runtime_security.kubernetes.helm_releases_info:
    context: production
    names: [grafana, prometheus]
    namespaces: [monitoring]
  register: found
"""

RETURN = r"""
namespaces:
  description: The labels of each namespace.
  returned: success
  type: dict
  sample: {"monitoring": {"kubernetes.io/metadata.name": "monitoring"}}
releases:
  description:
    - For each release that is there, as NAMESPACE/NAME, whether this collection installed it. Also those that Helm has not
      finished.
    - Null for each of O(names) in each of O(namespaces) in which Secrets or ConfigMaps may not be listed either.
  returned: success
  type: dict
  sample: {"monitoring/grafana": true, "shop/prometheus": false}
marked:
  description:
    - Releases that this collection installs or has installed, as NAMESPACE/NAME, whether or not Helm has a record of them.
  returned: success
  type: list
  elements: str
  sample: [monitoring/grafana]
everywhere:
  description: Whether all namespaces were looked into.
  returned: success
  type: bool
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
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm import records


def look(reader: Reader, names: list[str], namespaces: list[str]) -> dict:
    """What the module returns; raises UnclearAnswer where nothing can be concluded."""
    listed = reader.all("Namespace", "v1", metadata_only=True)
    known = {item["metadata"]["name"]: item["metadata"] for item in listed}
    found = records.read(reader, names, [name for name in namespaces if name in known])
    releases = records.ownership(reader, records.histories(found.secrets), found.marks)
    return {
        "namespaces": {name: metadata.get("labels") or {} for name, metadata in known.items()},
        "releases": releases | {f"{place}/{name}": None for place in found.hidden for name in names},
        "marked": sorted(map(records.key, found.marks)),
        "everywhere": found.everywhere,
    }


def main() -> None:
    spec = copy.deepcopy(AUTH_ARG_SPEC)
    spec.update(
        names={"type": "list", "elements": "str", "required": True},
        namespaces={"type": "list", "elements": "str", "default": []},
    )
    module = AnsibleK8SModule(argument_spec=spec, supports_check_mode=True)
    asked = [module.params[name] for name in ("names", "namespaces")]
    try:
        found = look(Reader(connected(lambda: get_api_client(module))), *asked)
    except (CoreException, UnclearAnswer) as exc:
        module.fail_json(msg=str(exc))
    if not found["everywhere"]:
        module.warn("Without the right to list Secrets and ConfigMaps everywhere, releases elsewhere are not seen.")
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
