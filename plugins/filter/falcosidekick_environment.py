# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: falcosidekick_environment
version_added: 0.1.0
short_description: Make the environment of falcosidekick from its outputs
description:
  - Returns the data of a Secret for the value C(config.existingSecret) of falcosidekick's chart. The setting C(webhookurl) of the
    output C(slack) becomes C(SLACK_WEBHOOKURL).
  - Settings that are empty or null are not set. C(minimumpriority) is V(notice) where an output has none.
options:
  _input:
    description: The outputs by their names in falcosidekick's configuration, each a dictionary of its settings.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the names of the variables
  ansible.builtin.debug:
    msg: "{{ {'slack': {'webhookurl': 'https://hooks.example.org/x'}} | runtime_security.kubernetes.falcosidekick_environment | list }}"
  # ["SLACK_MINIMUMPRIORITY", "SLACK_WEBHOOKURL"]
"""

RETURN = r"""
_value:
  description: The data, each value in Base64.
  type: dict
"""

import base64

# Events below it are no alerts in Grafana either; the proof's own are among them.
PRIORITY = {"minimumpriority": "notice"}
# Alertmanager's first API, which the chart still asks for, ended with Alertmanager 0.27.
DEFAULTS = {"alertmanager": {"endpoint": "/api/v2/alerts"}}


def falcosidekick_environment(outputs):
    """Data of a Secret with the variables of falcosidekick's outputs."""
    data = {}
    for output, settings in outputs.items():
        for key, value in {**PRIORITY, **DEFAULTS.get(output, {}), **(settings or {})}.items():
            if value is not None and value != "":
                text = str(value).lower() if isinstance(value, bool) else str(value)
                data[f"{output}_{key}".upper()] = base64.b64encode(text.encode()).decode()
    return data


class FilterModule:
    """The filter of this file."""

    def filters(self):
        return {"falcosidekick_environment": falcosidekick_environment}
