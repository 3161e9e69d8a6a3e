# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: promql_timestamps
version_added: 0.1.0
short_description: Make a PromQL expression of points in time
description:
  - Returns an expression with one series for each name, whose value is the time. It is empty where there are none.
positional: label
options:
  _input:
    description: Names and Unix seconds.
    type: dict
    required: true
  label:
    description: The label that has the name.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show the expression
  ansible.builtin.debug:
    msg: "{{ {'falco-ca': 2110990000} | runtime_security.kubernetes.promql_timestamps('certificate') }}"
  # label_replace(vector(2110990000), "certificate", "falco-ca", "", "")
"""

RETURN = r"""
_value:
  description: The expression.
  type: str
"""

import json


def promql_timestamps(timestamps, label):
    """A PromQL expression with one series for each name."""
    series = 'label_replace(vector({}), "{}", {}, "", "")'
    return " or ".join(
        series.format(int(seconds), label, json.dumps(name)) for name, seconds in sorted(timestamps.items())
    )


class FilterModule:
    """The filter of this file."""

    def filters(self):
        return {"promql_timestamps": promql_timestamps}
