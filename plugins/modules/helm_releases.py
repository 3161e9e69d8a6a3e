#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: helm_releases
short_description: Install, upgrade, validate or uninstall several Helm releases
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Reads what is deployed, and starts Helm only for releases that differ from what is asked for, all of them side by side.
    A task that has nothing to change reads Helm's records and starts no program.
  - The values reach Helm by its standard input. They are in no file, in no list of processes, and in no result. Of the lines
    of Helm's own messages that quote one, the value is replaced by C(***).
  - A release that this module installs has a ConfigMap with the label C(runtime-security/release) beside it, the record that
    this collection manages it. It is written before Helm begins and goes last. A release without it is not managed
    by this collection. It is an error to change one, and it is not uninstalled, unless O(take_ownership) says so.
  - The ConfigMap also records the paths of the values that were set, and no value. Values that others set in the release, by
    the same chart, are kept, and are no difference.
  - An operation that was interrupted (C(failed), C(pending-install), C(pending-upgrade), C(pending-rollback),
    C(uninstalling)) is recovered first, by a rollback to what was deployed last or by completing the removal. That needs
    evidence that nobody is at work with the release. Helm itself noted the failure, or this machine began the operation and
    its Helm has ended, or the record has not been written for 5 minutes; until then the task waits.
  - Where a container of a chart has two entries of one name in its environment, of which the later one holds, Helm's patch leaves
    a wrong one in an object that exists. The module corrects DaemonSets, Deployments and StatefulSets then, also in a task that has
    nothing else to change.
  - What Kubernetes changes in no existing object, such as the size of a StatefulSet's volumes, is refused before the first
    change, with both values.
  - Helm does not wait until pods are ready. M(runtime_security.kubernetes.rollout_info) does, for several workloads at once.
extends_documentation_fragment:
  - runtime_security.kubernetes.cluster
options:
  namespace:
    description: Namespace of the releases. It has to exist, except in check mode and for O(state=validated) and O(state=absent).
    type: str
    required: true
  releases:
    description: The releases. For O(state=absent) only the name counts.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the release.
        type: str
        required: true
      chart:
        description:
          - Name of the chart in its repository, its C(oci://) address, or a path that begins with C(/), C(.) or C(~).
          - Required for O(state=present). For O(state=validated) without it only the ownership is checked.
        type: str
      repository:
        description: Address of the repository, also one in a registry (C(oci://)). Not needed for a path.
        type: str
        default: ""
      version:
        description: Version of the chart. Not needed for a path.
        type: str
        default: ""
      values:
        description: Values of the chart. Those that this module set before and that are no longer listed go.
        type: dict
        default: {}
      variables:
        description:
          - Names of the variables that error messages name in the place of values, by what they are about, C(size),
            C(storage_class), C(persistence) or C(values).
        type: dict
        default: {}
      remedies:
        description: What to do about some of Helm's messages. It is added to the error.
        type: list
        elements: dict
        default: []
        suboptions:
          said:
            description: A part of the message.
            type: str
            required: true
          remedy:
            description: What to do about it.
            type: str
            required: true
      one_per_cluster:
        description:
          - Why the cluster can have one managed release of this name only, as the second half of a sentence. One in another
            namespace is then an error.
          - Needs the right to list Secrets and ConfigMaps in all namespaces. Without it there is a warning.
        type: str
        default: ""
  state:
    description:
      - V(present) installs what is missing and upgrades what differs.
      - V(validated) changes nothing. It fails where V(present) would refuse, because of the Helm program, the ownership or
        an immutable field, and returns what is deployed. The namespace need not exist.
      - V(absent) uninstalls managed releases, asks Helm whether they are gone, and then removes their records of ownership.
        A removal that was interrupted is completed.
    type: str
    choices: [present, absent, validated]
    default: present
  take_ownership:
    description:
      - Whether releases of these names that others installed become managed ones. V(true), V(false), or a list of names.
      - Also lets an account that may not list Secrets and ConfigMaps in the namespace install releases there.
    type: raw
    default: false
  binary_path:
    description: The Helm program, a path or a name in E(PATH). Helm 3.16.0 or newer.
    type: path
    default: helm
  variables:
    description:
      - Names of the variables that error messages name in the place of this module's options, by option, of O(namespace),
        O(take_ownership), O(kubeconfig) and O(binary_path).
    type: dict
    default: {}
attributes:
  check_mode:
    description: Can run in check mode and return what would change; without a cluster it returns what a first run would do.
    support: full
  diff_mode:
    description: Returns the charts, and the paths of the values that change, but no value.
    support: full
notes:
  - The account needs the verbs C(get) and C(list) for Secrets and ConfigMaps in O(namespace), C(create), C(patch) and C(delete)
    for ConfigMaps there, C(get) for the namespace itself, and what the charts need.
  - An answer of the API server or of Helm that is not clear (an error, no answer, a list that is not whole) ends the task
    before the first change.
seealso:
  - module: kubernetes.core.helm
  - module: runtime_security.kubernetes.rollout_info
"""

EXAMPLES = r"""
- name: Install Loki and its agent
  runtime_security.kubernetes.helm_releases:
    namespace: monitoring
    releases:
      - name: loki
        chart: loki
        repository: https://grafana.github.io/helm-charts
        version: 6.46.0
        values: {deploymentMode: SingleBinary}
      - name: promtail
        chart: /srv/charts/promtail-6.17.1.tgz

- name: Fail early where the names are in use
  runtime_security.kubernetes.helm_releases:
    namespace: monitoring
    state: validated
    releases: [{name: loki}, {name: promtail}]
  register: deployed

- name: Manage a release from now on that somebody installed by hand
  runtime_security.kubernetes.helm_releases:
    namespace: monitoring
    take_ownership: [loki]
    releases:
      - {name: loki, chart: loki, repository: https://grafana.github.io/helm-charts, version: 6.46.0}

- name: Uninstall both
  runtime_security.kubernetes.helm_releases:
    namespace: monitoring
    state: absent
    releases:
      - name: loki
      - name: promtail
"""

RETURN = r"""
releases:
  description: What is deployed after the task, or would be in check mode, by name. Also returned where Helm refuses a release.
  returned: always
  type: dict
  contains:
    action:
      description: What the task did, or would do, V(installed), V(upgraded), V(corrected), V(uninstalled) or V(unchanged).
      type: str
    status:
      description:
        - Helm's word for the newest revision, such as C(deployed); C(absent) where there is no such release.
        - Empty where the account may not see it, or no cluster answers in check mode.
      type: str
    revision:
      description: The newest revision, 0 where there is none or it cannot be seen.
      type: int
    chart:
      description: Name of the chart of a managed release.
      type: str
    version:
      description: Version of the chart of a managed release.
      type: str
    managed:
      description: Whether this collection manages the release; null where that cannot be seen.
      type: bool
    outdated:
      description: Whether O(state=present) would change it. Not returned for O(state=absent).
      type: bool
  sample:
    loki: {action: upgraded, status: deployed, revision: 4, chart: loki, version: 6.46.0, managed: true, outdated: false}
msg:
  description: In check mode without a cluster, what a run would do.
  returned: when no cluster answers
  type: str
  sample: Would install the releases loki and promtail into namespace monitoring.
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm import releases
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(releases)


if __name__ == "__main__":
    main()
