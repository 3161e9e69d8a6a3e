# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: shipped_dashboards
version_added: 0.1.0
short_description: Return the uids of the shipped dashboards in a list for grafana_wiring
description:
  - Takes the files that the role grafana_wiring ships, by their paths. Files of users, addresses and dashboards of grafana.com
    are excluded, also where they have the same name.
options:
  _input:
    description: The dashboards, as the variable C(grafana_wiring_dashboards) has them.
    type: list
    elements: raw
    required: true
"""

EXAMPLES = r"""
- name: Show the shipped dashboards that are wired
  ansible.builtin.debug:
    msg: "{{ grafana_wiring_dashboards | runtime_security.kubernetes.shipped_dashboards }}"
"""

RETURN = r"""
_value:
  description: The uids, each once, in the order of the list.
  type: list
  elements: str
  sample: [runtime-security-events, api-audit]
"""

import re

_FILE = re.compile(r"dashboards/(runtime-security-events|log-explorer|pipeline-health|api-audit)[.]json")


def shipped_dashboards(dashboards):
    """The uids of the files of the role grafana_wiring that are in its list, each once."""
    paths = [entry if isinstance(entry, str) else entry.get("path", "") for entry in dashboards]
    found = [_FILE.fullmatch(path) for path in paths]
    return list(dict.fromkeys(match.group(1) for match in found if match))


class FilterModule:
    """The filter of this file."""

    def filters(self):
        return {"shipped_dashboards": shipped_dashboards}
