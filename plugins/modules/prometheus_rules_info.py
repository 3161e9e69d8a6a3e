#!/usr/bin/python
# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: prometheus_rules_info
short_description: Validate rules with a running Prometheus before they are deployed
version_added: 0.1.0
description:
  - Runs C(promtool check rules) in a pod of Prometheus, with the rules as its input. Nothing is written.
  - Fails with the message of C(promtool) if they are invalid.
  - If no pod of Prometheus runs, nothing is checked, and RV(checked) is false.
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
extends_documentation_fragment:
  - runtime_security.kubernetes.cluster
  - runtime_security.kubernetes.reading
options:
  namespace:
    description: Namespace of Prometheus.
    type: str
    required: true
  label_selector:
    description: Labels of the pods.
    type: str
    required: true
  container:
    description: Container of Prometheus in the pod.
    type: str
    required: true
  groups:
    description: Groups of rules, as in a rule file.
    type: list
    elements: dict
    required: true
  timeout:
    description: Time limit of the check, in seconds.
    type: int
    default: 30
"""

EXAMPLES = r"""
- name: Validate a file of rules
  runtime_security.kubernetes.prometheus_rules_info:
    namespace: monitoring
    label_selector: app.kubernetes.io/component=server
    container: prometheus-server
    groups: "{{ (lookup('ansible.builtin.file', 'rules.yml') | from_yaml).groups }}"
"""

RETURN = r"""
checked:
  description: Whether a Prometheus validated the rules.
  returned: success
  type: bool
  sample: true
message:
  description: Message of C(promtool); empty if nothing was checked.
  returned: success
  type: str
  sample: "SUCCESS: 12 rules found"
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import prometheus_rules
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(prometheus_rules)


if __name__ == "__main__":
    main()
