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
  - Reads only the metadata of Helm's Secrets and of the ConfigMaps, but for the newest Secret of each of our releases, of
    which it returns a digest.
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
  new:
    description:
      - Those of O(names) that are to be installed into the first of O(namespaces).
      - It is an error when one of them exists there without being installed by this collection, or when workloads of it
        exist of which Helm has no record.
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
managed:
  description:
    - For each of RV(marked), where this collection set values last, as JSON pointers. Null where that was not noted, then all
      of them are its own.
  returned: success
  type: dict
  sample: {"monitoring/grafana": ["/persistence/size", "/service/type"]}
revisions:
  description: The number of the newest revision of each of RV(releases).
  returned: success
  type: dict
  sample: {"monitoring/grafana": 3}
cluster:
  description: The uid of the namespace kube-system, which tells this cluster from others.
  returned: success
  type: str
  sample: 2f5c1f0e-2b5f-4d3c-9f0a-0d4b7f0e6a11
everywhere:
  description: Whether all namespaces were looked into.
  returned: success
  type: bool
deployed:
  description:
    - A digest of chart, version and our values for each of our releases that is deployed. The filter
      P(runtime_security.kubernetes.helm_releases_due#filter) compares it with what is asked for.
  returned: success
  type: dict
  sample: {"monitoring/grafana": "6a0ff7a9d0f1c9a9ad0a2a7d9b1a0d6d2f7d2f2c1e4b7a8c9d0e1f2a3b4c5d6e"}
cut_off:
  description: Our releases whose last operation did not end well.
  returned: success
  type: dict
  contains:
    name:
      description: Name of the release.
      type: str
    status:
      description: Helm's word, C(failed), C(pending-install), C(pending-rollback), C(pending-upgrade) or C(uninstalling).
      type: str
    newest:
      description: The newest revision, which has this status.
      type: int
    revision:
      description: The revision that was deployed last; the newest one where none ever was.
      type: int
    idle:
      description: Seconds since Helm last wrote its record, by the API server's clock; 0 where that is not known.
      type: int
  sample: {"monitoring/grafana": {"name": "grafana", "status": "pending-upgrade", "newest": 4, "revision": 3, "idle": 12}}
"""

import copy

from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import get_api_client
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.core import AnsibleK8SModule
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.exceptions import CoreException
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import helm_records
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import (
    Reader,
    UnclearAnswer,
    connected,
)


def look(reader: Reader, names: list[str], namespaces: list[str], new: list[str]) -> dict:
    """What the module returns; raises UnclearAnswer where nothing can be concluded."""
    listed = reader.all("Namespace", "v1", metadata_only=True)
    known = {item["metadata"]["name"]: item["metadata"] for item in listed}
    records = helm_records.read(reader, names, [name for name in namespaces if name in known])
    history = helm_records.histories(records.secrets)
    releases = helm_records.ownership(reader, history, records.marks)
    managed = helm_records.managed_paths(records.marks)
    if new and namespaces[0] in known:
        refuse_others(reader, namespaces[0], new, releases, managed)
    ours = {name: entries for name, entries in history.items() if releases[name]}
    newest = {name: entries[-1] for name, entries in ours.items()}
    deployed, managed = helm_records.deployed(reader, newest, managed)
    return {
        "namespaces": {name: metadata.get("labels") or {} for name, metadata in known.items()},
        "releases": releases | {f"{place}/{name}": None for place in records.hidden for name in names},
        "marked": sorted(managed),
        "managed": managed,
        "revisions": {name: int(entries[-1]["labels"]["version"]) for name, entries in history.items()},
        "cluster": known.get("kube-system", {}).get("uid") or "",
        "everywhere": records.everywhere,
        "deployed": deployed,
        "cut_off": helm_records.interrupted(ours, reader.server_time),
    }


def refuse_others(reader: Reader, namespace: str, new: list[str], releases: dict, managed: dict) -> None:
    """Raise where a release that is to be new exists already and is not ours."""
    installed = [name for name in new if releases.get(f"{namespace}/{name}") is False]
    if installed:
        raise UnclearAnswer(
            f"Release {' and '.join(installed)} in namespace {namespace} was not there when the run began, and this "
            "collection did not install it. Run again to have it judged from the beginning."
        )
    left = helm_records.unrecorded(reader, new, namespace, releases)
    others = [name.partition("/")[2] for name in left if name not in managed]
    if others:
        raise UnclearAnswer(
            f"Workloads of release {' and '.join(others)} exist in namespace {namespace}, and Helm has no record of it. "
            "Somebody may keep its records elsewhere (HELM_DRIVER). Set another namespace, or remove these workloads."
        )


def main() -> None:
    spec = copy.deepcopy(AUTH_ARG_SPEC)
    spec.update(
        names={"type": "list", "elements": "str", "required": True},
        namespaces={"type": "list", "elements": "str", "default": []},
        new={"type": "list", "elements": "str", "default": []},
    )
    module = AnsibleK8SModule(argument_spec=spec, supports_check_mode=True)
    asked = [module.params[name] for name in ("names", "namespaces", "new")]
    try:
        found = look(Reader(connected(lambda: get_api_client(module))), *asked)
    except (CoreException, UnclearAnswer) as exc:
        module.fail_json(msg=str(exc))
    if not found["everywhere"]:
        module.warn("Without the right to list Secrets and ConfigMaps everywhere, releases elsewhere are not seen.")
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
