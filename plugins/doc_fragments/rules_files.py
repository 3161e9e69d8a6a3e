# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The rules files that a module reads; module_utils/falco/rules.py has the same."""

    DOCUMENTATION = r"""
options:
  files:
    description:
      - The rules files in Falco's order, as C(files) and C(custom) of P(runtime_security.kubernetes.falco_rules#lookup).
    type: list
    elements: dict
    required: true
    suboptions:
      file:
        description: Name of the file.
        type: str
        required: true
      item:
        description: What messages call it.
        type: str
        required: true
      content:
        description: Its text.
        type: str
        required: true
"""
