# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The masks of loki_stack, applied as both agents do: each group of each match becomes the mask.

tests/live/loki/test_agent.py has Promtail itself, with its own regular expressions (RE2), read the same events.
"""

from __future__ import annotations

import json
import re

import command_lines
import pytest
from chart_templates import templated_by


@pytest.fixture(scope="module")
def masked():
    masks = [re.compile(mask, re.ASCII) for mask in templated_by("loki_stack", "__loki_stack_masks", {})]
    assert all(mask.groups == 1 for mask in masks)

    def _masked(line):
        for mask in masks:
            line = mask.sub(
                lambda found: (
                    found[0][: found.start(1) - found.start()] + "***" + found.string[found.end(1) : found.end()]
                ),
                line,
            )
        return json.loads(line)

    return _masked


@pytest.mark.parametrize("line", command_lines.WITH_A_SECRET)
def test_a_secret_is_masked_and_nothing_else_of_the_event(masked, line):
    seen = masked(command_lines.event(line.replace("%s", command_lines.SECRET)))
    assert command_lines.SECRET not in str(seen)
    assert "***" in seen["output_fields"]["proc.cmdline"]
    assert f"command={seen['output_fields']['proc.cmdline']} terminal=0 k8s_pod_name=pod" in seen["output"]
    assert (seen["output_fields"]["k8s.pod.name"], seen["hostname"]) == ("pod", "node")


@pytest.mark.parametrize("line", command_lines.HARMLESS)
def test_other_command_lines_stay(masked, line):
    assert masked(command_lines.event(line)) == json.loads(command_lines.event(line))
