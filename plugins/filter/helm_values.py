# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: helm_values
version_added: 0.1.0
short_description: Read values as Helm reads the same YAML
description:
  - Ansible reads an unquoted date as a date, and keys of mappings as numbers, booleans or dates; Helm reads strings.
  - Fails where Helm has no such value (a null key, NaN, bytes that are no UTF-8), or where Ansible no longer knows what was written (a
    time stamp without quotes).
author: runtime_security.kubernetes maintainers (@runtime-security)
positional: _input
options:
  _input:
    description: Any value that was read from YAML, usually a dictionary of a chart's values.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Merge values over the ones of a role
  ansible.builtin.set_fact:
    merged: "{{ defaults | combine(values | runtime_security.kubernetes.helm_values, recursive=true) }}"
  vars:
    values: {ports: {9090: http}, from: 2024-04-01}
"""

RETURN = r"""
_value:
  description: The same with nothing but null, booleans, numbers, strings, lists, and dictionaries with strings as keys.
  type: raw
  sample: {ports: {"9090": http}, from: "2024-04-01"}
"""

from ansible.errors import AnsibleFilterError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import helm_values as work


def helm_values(value: object) -> object:
    try:
        return work.helm_values(value)
    except work.UnreadableValue as exc:
        raise AnsibleFilterError(str(exc)) from exc


class FilterModule:
    def filters(self) -> dict:
        return {"helm_values": helm_values}
