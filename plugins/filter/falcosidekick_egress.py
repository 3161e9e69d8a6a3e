# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: falcosidekick_egress
version_added: 0.1.0
short_description: Make the egress rules of falcosidekick from its outputs
description:
  - Returns C(policyTypes) and C(egress) for the specification of a NetworkPolicy. They allow DNS, and for each output the port of its
    address; to the pods of its namespace where the address is that of a Service, and to the address alone where it is a number.
  - Returns nothing, and so allows every connection, where O(values) are set or where an address has no host or no port.
positional: values
options:
  _input:
    description: The outputs by their names in falcosidekick's configuration, each a dictionary of its settings.
    type: dict
    required: true
  values:
    description: Other settings of falcosidekick, which may have outputs that are not known here.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the rules
  ansible.builtin.debug:
    msg: "{{ {'webhook': {'address': 'https://hooks.example.org/x'}} | runtime_security.kubernetes.falcosidekick_egress({}) }}"
  # egress: [{ports: [{port: 53, protocol: UDP}, ...]}, {ports: [{port: 443, protocol: TCP}]}]
"""

RETURN = r"""
_value:
  description: The part of the specification.
  type: dict
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco.egress import Unreadable, egress


def falcosidekick_egress(outputs, values):
    """The part of a NetworkPolicy's specification on what falcosidekick connects to."""
    if values:
        return {}
    try:
        return {"policyTypes": ["Ingress", "Egress"], "egress": egress(outputs)}
    except Unreadable:
        return {}


class FilterModule:
    """The filter of this file."""

    def filters(self):
        return {"falcosidekick_egress": falcosidekick_egress}
