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
  - kubernetes.core.k8s_auth_options
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
requirements:
  - python >= 3.9
  - kubernetes >= 24.2.0
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

import copy

from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import get_api_client
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.core import AnsibleK8SModule
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.exceptions import CoreException
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.pod_commands import PodCommands
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.prometheus import judgement

try:
    import yaml
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import HTTPError
except ImportError:
    # AnsibleK8SModule says what is missing.
    ApiException = HTTPError = OSError

# A terminal passes lines of 4095 characters, and longer ones are broken here at blanks.
WIDTH = 200


def main() -> None:
    spec = copy.deepcopy(AUTH_ARG_SPEC)
    spec.update(
        namespace={"type": "str", "required": True},
        label_selector={"type": "str", "required": True},
        container={"type": "str", "required": True},
        groups={"type": "list", "elements": "dict", "required": True},
        timeout={"type": "int", "default": 30},
    )
    module = AnsibleK8SModule(argument_spec=spec, supports_check_mode=True)
    rules = yaml.safe_dump({"groups": module.params["groups"]}, width=WIDTH, sort_keys=False)
    try:
        pods = PodCommands(get_api_client(module), module.params["namespace"])
        pod = pods.running(module.params["label_selector"], module.params["container"])
        if pod is None:
            module.exit_json(changed=False, checked=False, message="")
        command = ["promtool", "check", "rules"]
        code, printed = pods.run(pod, module.params["container"], command, rules, module.params["timeout"])
    except (ApiException, CoreException, HTTPError, OSError) as exc:
        module.fail_json(msg=f"Prometheus could not be asked about the rules: {exc}")
    message = judgement(printed)
    if code != 0:
        module.fail_json(msg=f"Prometheus refuses the rules: {message or printed[-500:]}. Nothing was changed.")
    module.exit_json(changed=False, checked=True, message=message)


if __name__ == "__main__":
    main()
