#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: validate_inputs
version_added: 0.1.0
author: runtime_security.kubernetes maintainers (@runtime-security)
short_description: Refuse inputs of a role before anything changes
description:
  - Judges the inputs of the role that the task is in by the options of an entry in its C(meta/argument_specs.yml), more
    strictly than Ansible does. A text is not split into a list, a number is not taken for a text, and a text has neither control
    characters nor a size that a cluster refuses.
  - Then judges them by lists of checks, each of which is computed only where the inputs before it are sound.
  - Fails with all that is refused. Of each the message names the variable, its value (shortened, and not shown where the
    specification says C(no_log)), what is allowed, and an example. Changes nothing.
options:
  checks:
    description:
      - Names of variables with lists of checks.
      - Each check is a dictionary with C(variable) (name of the input), C(ok) (whether it is allowed), C(allowed) (what is, in words),
        C(example) (a value that is), and perhaps C(secret) (whether the value must not be shown).
    type: list
    elements: str
    required: true
  entry:
    description: The entry of the role's specification whose options are the inputs.
    type: str
    default: main
  files:
    description: Names of inputs that are empty or the path of a file on the task's host.
    type: list
    elements: str
    default: []
  texts:
    description: Names of the inputs of type C(str) that may have several lines.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Runs the same in check mode.
    support: full
  diff_mode:
    description: Nothing changes.
    support: none
"""

EXAMPLES = r"""
- name: Judge the inputs
  runtime_security.kubernetes.validate_inputs:
    checks: [__loki_stack_checks]
"""

RETURN = r"""
msg:
  description: What is refused, and why.
  type: str
  returned: when an input is refused
  sample: >-
    loki_stack_namespace is 'Monitoring'; allowed is a DNS-1123 label (lower-case letters, digits, '-', at most 63 characters). Set it
    to for example 'monitoring'. Nothing was changed.
"""
