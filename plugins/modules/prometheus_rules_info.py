#!/usr/bin/python
# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: prometheus_rules_info
short_description: Have a Prometheus that runs judge rules before it is given them
version_added: 0.1.0
description:
  - Runs C(promtool check rules) in a pod of Prometheus, with the rules as its input. Nothing is written.
  - Fails when C(promtool) refuses them, with its words.
  - Where no pod of Prometheus runs there is nothing to protect, and RV(checked) is false.
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
extends_documentation_fragment:
  - runtime_security.kubernetes.cluster
  - runtime_security.kubernetes.reading
options:
  namespace:
    description:
      - Namespace of Prometheus.
    type: str
    required: true
  label_selector:
    description:
      - Labels of its pods.
    type: str
    required: true
  container:
    description:
      - Container of the pod that has Prometheus.
    type: str
    required: true
  groups:
    description:
      - Groups of rules, as a rule file has them.
    type: list
    elements: dict
    required: true
  timeout:
    description:
      - How long the check may take, in seconds.
    type: int
    default: 30
"""

EXAMPLES = r"""
- name: See whether Prometheus would load a file of rules
  runtime_security.kubernetes.prometheus_rules_info:
    namespace: monitoring
    label_selector: app.kubernetes.io/component=server
    container: prometheus-server
    groups: "{{ (lookup('ansible.builtin.file', 'rules.yml') | from_yaml).groups }}"
"""

RETURN = r"""
checked:
  description: Whether a Prometheus judged the rules.
  returned: success
  type: bool
  sample: true
message:
  description: What C(promtool) said; empty when there was none to ask.
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
