#!/usr/bin/python
# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: falco_exceptions_info
short_description: Propose exceptions for noisy rules of Falco
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Lets Loki count Falco's events of the last days, and proposes values for the exceptions that the rules have.
  - Noise is what was seen in two pods at least and on two days at least, in the same namespace, of the same image, program, parent program and
    user, with the same values of the exception. An exception is proposed only if all events that it would have silenced are noise; a single
    other one withholds it.
  - Changes nothing. An attack that was repeated in several pods on several days looks like noise, so read each line before you use it.
extends_documentation_fragment:
  - runtime_security.kubernetes.grafana
  - runtime_security.kubernetes.reading
  - runtime_security.kubernetes.rules_files
options:
  loki_uid:
    description: Uid of Grafana's Loki data source.
    type: str
    default: loki
  namespace:
    description: Namespace of Falco.
    type: str
    default: falco
  excluded_namespaces:
    description: Namespaces whose events do not count.
    type: list
    elements: str
    default: []
  days:
    description: How many days are read, backwards from now.
    type: int
    default: 7
  priority:
    description: Highest priority of the rules for which exceptions are proposed.
    type: str
    choices: [emergency, alert, critical, error, warning, notice, informational, debug]
    default: warning
seealso:
  - module: runtime_security.kubernetes.falco_rules_check
"""

EXAMPLES = r"""
- name: Propose exceptions for the shipped rules
  runtime_security.kubernetes.falco_exceptions_info:
    service:
      namespace: monitoring
    files: "{{ (query('runtime_security.kubernetes.falco_rules') | first).files }}"
  register: noise

- name: Show them
  ansible.builtin.debug:
    msg: "{{ noise.content.splitlines() }}"
"""

RETURN = r"""
events:
  description: How many events each rule with exceptions had.
  returned: success
  type: dict
  sample: {"Read sensitive file untrusted": 2310}
proposed:
  description: Exceptions that would have silenced noise only, the one with most events first.
  returned: success
  type: list
  elements: dict
  sample:
    - rule: Read sensitive file untrusted
      exception: program_and_file
      values: [backup, /etc/shadow]
      events: 2304
      pods: 12
      days: 7
withheld:
  description: Exceptions that would have silenced other events too, with the C(reason).
  returned: success
  type: list
  elements: dict
  sample: []
content:
  description: A rules file with the proposed exceptions; empty if there are none.
  returned: success
  type: str
  sample: "- rule: Read sensitive file untrusted ..."
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco import exceptions_info
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(exceptions_info)


if __name__ == "__main__":
    main()
