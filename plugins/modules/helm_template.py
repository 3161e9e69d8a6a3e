#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: helm_template
short_description: Render a Helm chart without a trace of its values
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Runs C(helm template), which asks no cluster.
  - The values reach Helm by its standard input. They are in no file, and in no list of processes. M(kubernetes.core.helm_template)
    keeps them in a file meanwhile, which stays when the run is killed.
extends_documentation_fragment:
  - runtime_security.kubernetes.reading
options:
  name:
    description: Name of the release.
    type: str
    required: true
  namespace:
    description: Namespace of the release.
    type: str
    default: default
  chart:
    description: Name of the chart in its repository, its C(oci://) address, or a path that begins with C(/), C(.) or C(~).
    type: str
    required: true
  repository:
    description: Address of the repository, also one in a registry (C(oci://)). Not needed for a path.
    type: str
    default: ""
  version:
    description: Version of the chart. Not needed for a path.
    type: str
    default: ""
  values:
    description: Values of the chart. No message shows a text of them.
    type: dict
    default: {}
  binary_path:
    description: The Helm program, a path or a name in E(PATH).
    type: path
    default: helm
notes:
  - Use C(no_log) on a task whose chart renders Secrets, and V(false) for C(failed_when), so that the next task can say why it failed.
seealso:
  - module: kubernetes.core.helm_template
"""

EXAMPLES = r"""
- name: Render Falco's chart
  runtime_security.kubernetes.helm_template:
    name: falco
    namespace: falco
    chart: falco
    repository: https://falcosecurity.github.io/charts
    version: 9.1.0
    values: {driver: {kind: modern_ebpf}}
  register: rendered
  failed_when: false
  no_log: true

- name: Stop when Helm cannot
  ansible.builtin.fail:
    msg: "{{ rendered.msg }}"
  when: rendered.manifests is not defined
"""

RETURN = r"""
manifests:
  description: What the chart makes of the values, as YAML.
  returned: success
  type: str
  sample: |
    ---
    # Source: falco/templates/serviceaccount.yaml
    apiVersion: v1
    kind: ServiceAccount
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.template import rendered
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError


def main():
    module = AnsibleModule(
        argument_spec=dict(
            name=dict(type="str", required=True),
            namespace=dict(type="str", default="default"),
            chart=dict(type="str", required=True),
            repository=dict(type="str", default=""),
            version=dict(type="str", default=""),
            values=dict(type="dict", default={}, no_log=True),
            binary_path=dict(type="path", default="helm"),
        ),
        supports_check_mode=True,
    )
    params = module.params
    program = module.get_bin_path(params["binary_path"], required=True)
    # no_log keeps values out of the system's log; it would take each text of theirs out of what is rendered.
    module.no_log_values.clear()
    shown = {"module_args": {key: value for key, value in params.items() if key != "values"}}
    try:
        manifests = rendered(
            params["name"],
            params["chart"],
            params["repository"],
            params["version"],
            params["values"],
            params["namespace"],
            program,
        )
    except WorkError as error:
        module.fail_json(msg=str(error), invocation=shown)
    module.exit_json(changed=False, manifests=manifests, invocation=shown)


if __name__ == "__main__":
    main()
