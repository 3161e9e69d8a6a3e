#!/usr/bin/python
# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: audit_exceptions_info
short_description: Propose exceptions for detections on the API server's audit log
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Lets Loki count the requests of the last days that detections report, and proposes exceptions for what happens all the time.
  - That is what one user did in one namespace with one user agent on three days at least. An exception names all of these. None is
    proposed for requests outside of namespaces, for anonymous users, and for detections that count requests.
  - Changes nothing. An attack that was repeated for days looks like noise, so read each line before you use it.
extends_documentation_fragment:
  - runtime_security.kubernetes.grafana
  - runtime_security.kubernetes.reading
options:
  loki_uid:
    description: Uid of Grafana's Loki data source.
    type: str
    default: loki
  detections:
    description: The detections, as the lookup P(runtime_security.kubernetes.audit_rules#lookup) returns them.
    type: list
    elements: dict
    required: true
  days:
    description: How many days are read, backwards from now.
    type: int
    default: 7
  priority:
    description: Highest priority of the detections for which exceptions are proposed.
    type: str
    choices: [emergency, alert, critical, error, warning, notice, informational, debug]
    default: warning
seealso:
  - module: runtime_security.kubernetes.falco_exceptions_info
"""

EXAMPLES = r"""
- name: Propose exceptions
  runtime_security.kubernetes.audit_exceptions_info:
    service:
      namespace: monitoring
    detections: >-
      {{ (query('runtime_security.kubernetes.audit_rules', namespaces=namespaces, thresholds=thresholds) | first).detections }}
  vars:
    namespaces: {pipeline: [monitoring, falco], proof: [pipeline-proof], readiness: [ebpf-readiness], registries: []}
    thresholds: {secret_reads: 50, denied_requests: 20}
  register: noise

- name: Show them
  ansible.builtin.debug:
    msg: "{{ noise.content.splitlines() }}"
"""

RETURN = r"""
proposed:
  description: What users did again and again, with most requests first.
  returned: success
  type: list
  elements: dict
  sample:
    - uid: pod-exec
      user: system:serviceaccount:ci:deployer
      namespace: shop
      user_agent: deployer/1.4
      requests: 210
      days: 7
withheld:
  description: What else the detections reported, with the C(reason) for which no exception is proposed.
  returned: success
  type: list
  elements: dict
  sample: []
content:
  description: The proposed exceptions as entries of C(grafana_wiring_audit_exceptions); empty if there are none.
  returned: success
  type: str
  sample: "- {detections: [pod-exec], users: ['system:serviceaccount:ci:deployer'], ..."
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.audit import exceptions_info
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(exceptions_info)


if __name__ == "__main__":
    main()
