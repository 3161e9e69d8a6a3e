# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: provable_rules
version_added: 0.1.0
short_description: Names of the rules of a file that are enabled
description:
  - Returns the names of the rules of one of Falco's rules files that are enabled, in their order, without those with the tag
    C(proof), which only the proof itself sets off.
positional: _input, disabled, enabled
options:
  _input:
    description: The text of the rules file.
    type: str
    required: true
  disabled:
    description: Rules that are disabled, by C(names), in which C(*) stands for any characters, and by C(tags).
    type: dict
    required: true
  enabled:
    description: Rules that are enabled after that, in the same form.
    type: dict
    required: true
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
"""

EXAMPLES = r"""
names: "{{ lookup('file', 'rules.yaml') | runtime_security.kubernetes.provable_rules({'tags': ['network']}, {}) }}"
"""

RETURN = r"""
_value:
  description: The names.
  type: list
  elements: str
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco.enabled import enabled_rules
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.plain import plain


def provable_rules(text, disabled, enabled):
    """Names of the rules of a file that Falco has, without those of the proof itself."""
    return enabled_rules(plain(text), disabled, enabled, without_tag="proof")


class FilterModule:
    """The filter of this file."""

    def filters(self):
        return {"provable_rules": provable_rules}
