#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: prometheus_operator
short_description: Make way for the Prometheus operator's definitions, and remove what Helm leaves of it
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Helm installs the CustomResourceDefinitions of the chart kube-prometheus-stack with the first revision of a release only, and
    never removes them. It also leaves the volume claims of the operator's Prometheus.
  - Before the installation this module records whether the definitions come with the release, in the ConfigMap
    C(prometheus-operator-definitions), and uninstalls a release that could not bring them any more. After the removal of the
    release it removes the claims, and by that record the definitions.
  - It installs nothing; M(runtime_security.kubernetes.helm_releases) does.
extends_documentation_fragment:
  - runtime_security.kubernetes.cluster
options:
  namespace:
    description: Namespace of the release. It has to exist for O(state=present), except in check mode.
    type: str
    required: true
  release:
    description: Name of the release, and of the object Prometheus that it creates.
    type: str
    default: prometheus
  state:
    description:
      - V(present), before the installation. Where the cluster has the definition C(prometheuses.monitoring.coreos.com) already,
        nothing is done. Else the record is written, and a release O(release) that this collection manages is uninstalled,
        whatever its chart. One of others stays.
      - V(absent), after the release was uninstalled. Removes the volume claims of that Prometheus with the label
        C(runtime-security/release) and the release's name, once no pod has them mounted. If there is a record,
        removes each definition of the group C(monitoring.coreos.com) of which no object exists in any namespace, and the record.
    type: str
    choices: [present, absent]
    default: present
  binary_path:
    description: The Helm program, a path or a name in E(PATH).
    type: path
    default: helm
  wait_timeout:
    description: Seconds that each wait may take.
    type: int
    default: 120
  variables:
    description:
      - Names of the variables that error messages name in the place of this module's options, by option, as of
        M(runtime_security.kubernetes.helm_releases).
    type: dict
    default: {}
attributes:
  check_mode:
    description:
      - Can run in check mode and return what would change. Objects of O(release) do not keep a definition then, as a run would
        have removed them before.
    support: full
  diff_mode:
    description: What is removed is in the result; there is no more to show.
    support: none
notes:
  - A definition whose kind cannot be listed ends the task before the first definition is removed.
seealso:
  - module: runtime_security.kubernetes.helm_releases
"""

EXAMPLES = r"""
- name: Make way for the operator, before its chart is installed as release prometheus
  runtime_security.kubernetes.prometheus_operator:
    namespace: monitoring

- name: Remove what Helm left of it, after the release was uninstalled
  runtime_security.kubernetes.prometheus_operator:
    namespace: monitoring
    state: absent
"""

RETURN = r"""
uninstalled:
  description: Names of the releases that were uninstalled, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: [prometheus]
removed:
  description: What was removed, or would be in check mode, each as kind, namespace and name.
  returned: success
  type: list
  elements: str
  sample:
    - CustomResourceDefinition prometheuses.monitoring.coreos.com
    - ConfigMap monitoring/prometheus-operator-definitions
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import prometheus_operator
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(prometheus_operator)


if __name__ == "__main__":
    main()
