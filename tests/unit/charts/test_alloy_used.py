# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's configuration of Alloy uses what alloy_used.yml names, and nothing else: the lab has no Alloy that would refuse it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from chart_templates import ROOT, templated_by

FILE = yaml.safe_load((Path(__file__).parent / "alloy_used.yml").read_text(encoding="utf-8"))
NAMED = {component["name"]: component for component in FILE["components"]}


@pytest.fixture(scope="module")
def lines():
    """The configuration with every branch of the template, without comments and without what is in strings."""
    values = templated_by(
        "loki_stack", "__loki_stack_alloy_values", {"loki_stack_tenant": "team", "loki_stack_tls": True}
    )
    bare = re.sub(r'"(?:\\.|[^"\\])*"', '""', values["alloy"]["configMap"]["content"])
    return [line for line in (line.partition("//")[0].strip() for line in bare.splitlines()) if line]


def used(lines):
    """Arguments by component, with the blocks that they are in; a block without any stands for itself."""
    found: dict[str, set[str]] = {}
    blocks: list[str] = []
    for line in lines:
        block = re.fullmatch(r'([\w.]+)(?: "")? \{( ?\})?', line)
        argument = re.match(r"(\w+)\s*=", line)
        if block:
            blocks.append(block[1])
            found.setdefault(blocks[0], set())
            if block[2]:
                found[blocks[0]].add("/".join(blocks[1:]))
                blocks.pop()
        elif argument:
            found[blocks[0]].add("/".join([*blocks[1:], argument[1]]))
        elif line == "}":
            blocks.pop()
        else:
            assert re.fullmatch(r'(""(, "")*,?|\],?)', line), f"not read: {line}"
    assert blocks == []
    return found


def test_every_component_and_argument_is_named(lines):
    assert used(lines) == {name: set(component["arguments"]) for name, component in NAMED.items()}


def test_every_export_and_function_is_named(lines):
    text = "\n".join(lines)
    exports = {(name, export) for name, component in NAMED.items() for export in component["exports"]}
    found = {(name, export) for name in NAMED for export in re.findall(rf"\b{re.escape(name)}\.\w+\.(\w+)", text)}
    assert found == exports
    assert set(re.findall(r"([\w.]+)\(", text)) == {function["name"] for function in FILE["functions"]}


def test_all_of_it_exists_in_the_alloy_that_the_chart_brings():
    pins = yaml.safe_load((ROOT / "versions.yml").read_text(encoding="utf-8"))["pins"]
    (pin,) = [pin for pin in pins if pin["variable"] == "loki_stack_agent_chart_version"]
    assert FILE["chart"] in pin["versions"]
    for entry in [*FILE["functions"], *FILE["components"]]:
        sinces = [entry["since"], *entry.get("arguments", {}).values(), *entry.get("exports", {}).values()]
        assert max(map(numbers, sinces)) <= numbers(FILE["runs"]), entry["name"]
        assert entry["source"].startswith("docs/sources/reference/")


def numbers(version):
    return tuple(map(int, version.removeprefix("v").split(".")))
