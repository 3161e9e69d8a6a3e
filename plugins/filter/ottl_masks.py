# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: ottl_masks
version_added: 0.1.0
short_description: Masks of log lines as statements of the OpenTelemetry Collector
description:
  - Returns a statement of the processor C(transform) for each mask, which replaces what the mask's group matches. Promtail and
    Alloy replace a group by themselves; the collector replaces the whole match, so the statement keeps what is around the group.
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
options:
  _input:
    description: Regular expressions (RE2), each with one capturing group.
    type: list
    elements: str
    required: true
  replacement:
    description: What a group becomes.
    type: str
    required: true
"""

EXAMPLES = r"""
statements: "{{ ['password=(\\S+)'] | runtime_security.kubernetes.ottl_masks('***') }}"
"""

RETURN = r"""
_value:
  description: The statements, for a processor in a collector's configuration.
  type: list
  elements: str
"""

import json
import re

# An escaped character, a class of characters, a group of any kind, or its end.
_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((\?)?|\)", re.DOTALL)


def _parts(mask):
    """What a mask has before its one capturing group, the group, and what follows."""
    opened = []
    for token in _TOKEN.finditer(mask):
        if token[0].startswith("("):
            opened.append((token.start(), token[1] is None))
        elif token[0] == ")":
            start, captures = opened.pop()
            if captures:
                return mask[:start], mask[start : token.end()], mask[token.end() :]
    raise ValueError(f"no group in the mask {mask}")


def ottl_masks(masks, replacement):
    statements = []
    for mask in masks:
        before, group, after = _parts(mask)
        # A dollar sign begins a variable in the collector's configuration; two of them are one.
        pattern = json.dumps(f"({before}){group}({after})").replace("$", "$$")
        statements.append(f'replace_pattern(log.body, {pattern}, "$${{1}}{replacement}$${{3}}")')
    return statements


class FilterModule:
    """The filter of this file."""

    def filters(self):
        return {"ottl_masks": ottl_masks}
