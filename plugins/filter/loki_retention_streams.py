# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: loki_retention_streams
version_added: 0.1.0
short_description: Loki's retention_stream from selectors in their order
description:
  - Returns the list C(limits_config.retention_stream) of Loki's configuration. The first selector that fits a stream counts,
    which is for Loki the one of the highest priority.
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
options:
  _input:
    description: The selectors, each with the hours that its lines are kept.
    type: list
    elements: dict
    required: true
    suboptions:
      selector:
        description: A stream selector of LogQL.
        type: str
        required: true
      hours:
        description: How long its lines are kept, in hours, 24 or more.
        type: int
        required: true
"""

EXAMPLES = r"""
limits_config:
  retention_stream: "{{ [{'selector': '{namespace=\"falco\"}', 'hours': 720}] | runtime_security.kubernetes.loki_retention_streams }}"
"""

RETURN = r"""
_value:
  description: One entry for each selector, with C(selector), C(period) and C(priority).
  type: list
  elements: dict
"""


def loki_retention_streams(streams):
    return [
        {"selector": stream["selector"], "period": f"{int(stream['hours'])}h", "priority": len(streams) - place}
        for place, stream in enumerate(streams)
    ]


class FilterModule:
    """The filter of this file."""

    def filters(self):
        return {"loki_retention_streams": loki_retention_streams}
