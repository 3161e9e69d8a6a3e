# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: prometheus_rule_groups
version_added: 0.1.0
short_description: The groups of several files of Prometheus rules as one list
description:
  - Prometheus' charts take the groups of all rules as one value. Templates in annotations, for Prometheus to fill, stay as they are.
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
options:
  _input:
    description: The contents of rule files, each YAML with a list C(groups).
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
groups: "{{ query('ansible.builtin.file', 'rules/one.yml', 'rules/two.yml') | runtime_security.kubernetes.prometheus_rule_groups }}"
"""

RETURN = r"""
_value:
  description: The groups, in the order of the files.
  type: list
  elements: dict
"""

import yaml


def prometheus_rule_groups(texts):
    # libyaml takes no string of ansible-core 2.18 and older.
    return [group for text in texts for group in yaml.safe_load(text)["groups"]]


class FilterModule:
    """The filter of this file."""

    def filters(self):
        return {"prometheus_rule_groups": prometheus_rule_groups}
