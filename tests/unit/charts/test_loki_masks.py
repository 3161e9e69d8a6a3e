# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The masks of loki_stack, applied as Alloy and Promtail do: each group of each match becomes the mask.

tests/live/loki/test_agent.py has Promtail itself, with its own regular expressions (RE2), read the same events.
"""

from __future__ import annotations

import json
import re

import command_lines
import pytest
import token_lines
from chart_templates import templated_by


def masking(variable):
    masks = [re.compile(mask, re.ASCII) for mask in templated_by("loki_stack", variable, {})]
    assert all(mask.groups == 1 for mask in masks)

    def _masked(line):
        for mask in masks:
            line = mask.sub(
                lambda found: (
                    found[0][: found.start(1) - found.start()] + "***" + found.string[found.end(1) : found.end()]
                ),
                line,
            )
        return line

    return _masked


@pytest.fixture(scope="module")
def masked():
    _masked = masking("__loki_stack_masks")
    return lambda line: json.loads(_masked(line))


@pytest.fixture(scope="module")
def without_tokens():
    return masking("__loki_stack_token_masks")


@pytest.mark.parametrize(("line", "secret"), token_lines.WITH_A_SECRET)
def test_a_token_is_masked_and_nothing_else_of_the_line(without_tokens, line, secret):
    assert without_tokens(line.replace("%s", secret)) == line.replace("%s", "***")


@pytest.mark.parametrize("line", token_lines.HARMLESS)
def test_other_lines_stay(without_tokens, line):
    assert without_tokens(line) == line


def test_tokens_are_masked_unless_that_is_switched_off():
    for wanted in (True, False):
        inputs = {"loki_stack_mask_tokens": wanted}
        statements = json.dumps(templated_by("loki_stack", "__loki_stack_otel_transform", inputs))
        promtail = templated_by("loki_stack", "__loki_stack_promtail_values", inputs)["config"]["snippets"][
            "scrapeConfigs"
        ]
        alloy = json.dumps(templated_by("loki_stack", "__loki_stack_alloy_values", inputs))
        audit = json.dumps(templated_by("loki_stack", "__loki_stack_audit_job", inputs))
        assert {"glpat-" in text for text in (statements, promtail, alloy, audit)} == {wanted}


def test_the_agent_of_the_audit_log_reads_the_masks_as_they_are():
    """Promtail's expansion of ${HOSTNAME} takes one backslash of two."""
    (*_stages, tokens) = templated_by("loki_stack", "__loki_stack_audit_job", {})["pipeline_stages"]
    masks = templated_by("loki_stack", "__loki_stack_token_masks", {})
    assert tokens["replace"]["expression"].replace(r"\\", "\\") == "|".join(masks)


@pytest.mark.parametrize("line", command_lines.WITH_A_SECRET)
def test_a_secret_is_masked_and_nothing_else_of_the_event(masked, line):
    seen = masked(command_lines.event(line.replace("%s", command_lines.SECRET)))
    assert command_lines.SECRET not in str(seen)
    assert "***" in seen["output_fields"]["proc.cmdline"]
    assert f"command={seen['output_fields']['proc.cmdline']} terminal=0 k8s_pod_name=pod" in seen["output"]
    assert (seen["output_fields"]["k8s.pod.name"], seen["hostname"]) == ("pod", "node")


def test_the_collector_replaces_what_the_others_replace():
    masks = templated_by("loki_stack", "__loki_stack_masks", {})
    config = templated_by("loki_stack", "__loki_stack_otel_transform", {})
    statements = config["log_statements"][-1]["statements"]
    assert len(statements) == len(masks)
    for line in [*command_lines.WITH_A_SECRET, *command_lines.HARMLESS]:
        event = command_lines.event(line.replace("%s", command_lines.SECRET))
        for mask, statement in zip(masks, statements):
            words = statement.removeprefix("replace_pattern(log.body, ").removesuffix(")").replace("$$", "$")
            pattern, end = json.JSONDecoder().raw_decode(words)
            assert json.loads(words[end + 2 :]) == "${1}***${3}"
            # Within a group the flag is RE2's alone; the group and what follows have no letters.
            flags = re.ASCII | (re.IGNORECASE if "(?i)" in pattern else 0)
            ours = re.compile(pattern.replace("(?i)", ""), flags)
            theirs = re.compile(mask, re.ASCII)
            masked = theirs.sub(lambda m: m[0][: m.start(1) - m.start()] + "***" + m.string[m.end(1) : m.end()], event)
            assert ours.sub(lambda m: f"{m[1]}***{m[3]}", event) == masked


@pytest.mark.parametrize("line", command_lines.HARMLESS)
def test_other_command_lines_stay(masked, line):
    assert masked(command_lines.event(line)) == json.loads(command_lines.event(line))
