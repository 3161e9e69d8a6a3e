#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_kinds_info
short_description: Check whether a cluster serves kinds of objects
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Asks the API server whether it knows kinds, such as those of an operator's CustomResourceDefinitions. It needs no right
    beyond that of every account.
extends_documentation_fragment:
  - runtime_security.kubernetes.cluster
  - runtime_security.kubernetes.reading
options:
  kinds:
    description: The kinds.
    type: list
    elements: dict
    required: true
    suboptions:
      api_version:
        description: Group and version.
        type: str
        required: true
      kind:
        description: Name of the kind.
        type: str
        required: true
  required:
    description: Whether a kind that is not served fails the task.
    type: bool
    default: false
  variable:
    description: Name of the variable that the error names.
    type: str
    default: kinds
seealso:
  - module: runtime_security.kubernetes.k8s_objects
"""

EXAMPLES = r"""
- name: Look whether the cluster has the Prometheus operator
  runtime_security.kubernetes.k8s_kinds_info:
    kinds:
      - {api_version: monitoring.coreos.com/v1, kind: ServiceMonitor}
  register: operator

- name: Show it
  ansible.builtin.debug:
    msg: "{{ operator.served }}"
"""

RETURN = r"""
served:
  description: Whether the cluster serves all of O(kinds). In check mode without a cluster the value of O(required).
  returned: success
  type: bool
  sample: true
missing:
  description: The kinds that it does not serve.
  returned: success
  type: list
  elements: str
  sample: [ServiceMonitor (monitoring.coreos.com/v1)]
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import k8s_kinds
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(k8s_kinds)


if __name__ == "__main__":
    main()
