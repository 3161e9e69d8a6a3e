# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: audit_rules
version_added: 0.1.0
short_description: Alert rules for the detections on the API server's audit log
description:
  - Makes alert rules of the detections that the role C(grafana_wiring) ships, for its module
    M(runtime_security.kubernetes.grafana_alerting). They read the audit lines in Loki.
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
options:
  _terms:
    description: None.
    type: list
    elements: raw
  namespaces:
    description:
      - Names of namespaces that the detections refer to, by C(pipeline) (the parts of the pipeline), C(proof) and
        C(readiness), and registries from which images may be pulled, by C(registries); none of these allows all.
    type: dict
    required: true
  thresholds:
    description: The numbers of requests above which there is an alert, by C(secret_reads) and C(denied_requests).
    type: dict
    required: true
  exceptions:
    description: >-
      Requests that raise no alert, each a dictionary with one or more of C(users), C(groups), C(service_accounts),
      C(namespaces), C(names), C(user_agents) and C(uris), which all have to fit, and perhaps C(detections).
    type: list
    elements: dict
    default: []
  excluded:
    description: Detections, or rules, to exclude.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Show which rules there are
  ansible.builtin.debug:
    msg: "{{ (query('runtime_security.kubernetes.audit_rules', namespaces=namespaces, thresholds=thresholds) | first).rules }}"
  vars:
    namespaces: {pipeline: [monitoring, falco], proof: [pipeline-proof], readiness: [ebpf-readiness], registries: [docker.io]}
    thresholds: {secret_reads: 50, denied_requests: 20}
"""

RETURN = r"""
_raw:
  description:
    - One dictionary. C(rules) are the alert rules, in the form of the module M(runtime_security.kubernetes.grafana_alerting);
      C(panels) are queries of Loki for the inputs of the dashboard C(runtime-security-events); C(detections) are those that are not
      excluded, for the module M(runtime_security.kubernetes.audit_exceptions_info).
  type: list
  elements: dict
"""

import dataclasses

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.audit import detections, rules
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils import audit_table
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.plain import plain


class LookupModule(LookupBase):
    """The lookup of this file."""

    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        excluded = self.get_option("excluded")
        try:
            found = detections.read(audit_table.table(), self.get_option("namespaces"), self.get_option("exceptions"))
        except detections.DefinitionError as error:
            raise AnsibleError(str(error)) from None
        used = [detection for detection in found if detection.uid not in excluded]
        built = rules.build(used, self.get_option("thresholds"))
        wanted = [rule for rule in built if rule["uid"] not in excluded]
        names = [field.name for field in dataclasses.fields(detections.Detection)]
        # With options of templates in it, Ansible's containers cannot be copied otherwise.
        listed = [plain({name: getattr(detection, name) for name in names}) for detection in used]
        return [{"rules": wanted, "panels": rules.panels(used), "detections": listed}]
