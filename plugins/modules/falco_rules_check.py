#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: falco_rules_check
short_description: Let Falco validate its rules in a cluster before a release gets them
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Renders Falco's chart, starts a Job of it that runs C(falco --validate) with the same image, configuration, plugins and
    arguments, on the rules files that Falco would read and in its order, and waits for its end. The Job is removed whatever it
    says.
  - Fails with Falco's own words, the file, the line and the column where Falco refuses a file. Falco's warnings are shown, with
    what Falco does not report, such as files that are never loaded, macros and lists of others that are changed without effect,
    and rules of a priority below Falco's.
  - Starts no Job where the DaemonSet O(name) has O(fingerprint) in the annotation C(runtime-security/rules) of its pods, as Falco
    then runs with these rules.
  - The Job has no rights. Secrets and folders of the host are excluded, unless rules lie in them or an init container that brings
    files (falcoctl) needs them. The texts of the chart's ConfigMaps are in one of the Job's own, which Kubernetes removes with it.
  - The Job of an interrupted run for the same rules is continued; what is left of others Kubernetes removes.
extends_documentation_fragment:
  - runtime_security.kubernetes.cluster
  - runtime_security.kubernetes.rules_files
options:
  state:
    description:
      - V(checked) starts the Job, unless there is one for the same rules, waits for it, and fails where Falco refuses the rules.
      - V(started) starts the Job and does not wait, so that other tasks can run until a task with V(checked).
    type: str
    choices: [started, checked]
    default: checked
  name:
    description: Name of the release, and of its DaemonSet and ConfigMap.
    type: str
    default: falco
  namespace:
    description: Namespace of the release and of the Job. It has to exist, except in check mode.
    type: str
    required: true
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
    description: All values that the release would get. No message and no result shows one.
    type: dict
    default: {}
  binary_path:
    description: The Helm program, a path or a name in E(PATH).
    type: path
    default: helm
  fingerprint:
    description: A hash of all that the result depends on, such as rules, image and configuration, as hexadecimal digits.
    type: str
    required: true
  strict:
    description: Whether a warning about a file of the user fails the task.
    type: bool
    default: false
  falco_version:
    description: Version of Falco, for messages.
    type: str
    required: true
  owner:
    description: Labels of the Job. A Job of its name without them is an error.
    type: dict
    default: {}
  timeout:
    description: Seconds that the Job may take.
    type: int
    default: 300
attributes:
  check_mode:
    description: Can run in check mode; no Job is started, and RV(verdict) is V(pending) where a run would start one.
    support: full
  diff_mode:
    description: Shows the rules that were added, removed and changed, and the text of the rules files before and after.
    support: full
notes:
  - The account needs the verbs C(get), C(create) and C(delete) for Jobs, C(get), C(create) and C(patch) for ConfigMaps, C(list) for
    Pods and Events, and C(get) for DaemonSets and C(pods/log) in O(namespace).
seealso:
  - plugin: runtime_security.kubernetes.falco_rules
    plugin_type: lookup
  - module: runtime_security.kubernetes.helm_releases
"""

EXAMPLES = r"""
- name: Let Falco validate rules of ours
  runtime_security.kubernetes.falco_rules_check:
    namespace: falco
    chart: falco
    repository: https://falcosecurity.github.io/charts
    version: 9.2.0
    values: "{{ falco_values | combine({'customRules': {'ours.yaml': rules}}) }}"
    files: [{file: ours.yaml, item: our rules, content: "{{ rules }}"}]
    fingerprint: "{{ [falco_values, rules] | to_json | hash('sha256') }}"
    falco_version: 0.45.1
    strict: true
  vars:
    rules: "{{ lookup('ansible.builtin.file', 'rules/ours.yaml') }}"
"""

RETURN = r"""
verdict:
  description:
    - V(accepted) where Falco accepts the rules, V(deployed) where it runs with them, V(started) where its answer is to come, and
      V(pending) in check mode.
  returned: success
  type: str
  choices: [accepted, deployed, started, pending]
  sample: accepted
findings:
  description: What Falco and this module warn of in files of the user, each with item, file, line and column.
  returned: success
  type: list
  elements: str
  sample:
    - >-
      falco_ebpf_rules[0] 'old' (/etc/falco/rules.d/001-old.yaml), line 3, column 13, rule 'Old style': LOAD_DEPRECATED_ITEM of field
      evt.dir (A deprecated item is employed by lists, macros, or rules): due to the drop of enter events, 'evt.dir = >' always
      evaluates to false, at: evt.type = open and evt.dir = >.
notes:
  description: The same about files of Falco's image, of falcoctl and of this collection.
  returned: success
  type: list
  elements: str
  sample: []
changes:
  description:
    - One line for each rule, macro and list that differs from the deployed files, with the keys that do. C(+) stands for an added one,
      C(-) for a removed one, C(~) for a changed one. Empty where no Job was started, and where no rules are deployed.
  returned: success
  type: list
  elements: str
  sample:
    - "~ rule 'Terminal shell in container' (000-falco-1-stable.yaml): condition, tags"
msg:
  description: What a run would do.
  returned: in check mode, if a run would start a Job
  type: str
  sample: Would let Falco validate our rules in a pod of its image, before the release is touched.
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco import rules_check
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(rules_check)


if __name__ == "__main__":
    main()
