# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.filter.provable_rules import provable_rules

RULES = """
- macro: m
  condition: (fd.name = "x")
- rule: Shell in pod
  tags: [container, shell]
- rule: Shell on node
  tags: [host, shell]
- rule: Write
- rule: Own
  tags: [proof]
  exceptions:
    - name: e
      fields: [proc.name]
      comps: [=]
"""


@pytest.mark.parametrize(
    ("disabled", "enabled", "left"),
    [
        ({}, {}, ["Shell in pod", "Shell on node", "Write"]),
        ({"names": ["Shell*"]}, {}, ["Write"]),
        ({"names": ["Shell"]}, {}, ["Shell in pod", "Shell on node", "Write"]),
        ({"tags": ["shell"]}, {}, ["Write"]),
        ({"tags": ["shell"]}, {"tags": ["host"]}, ["Shell on node", "Write"]),
        ({"names": ["*"]}, {"names": ["*node"]}, ["Shell on node"]),
        ({"names": ["*"]}, {}, []),
    ],
)
def test_what_is_enabled(disabled, enabled, left):
    assert provable_rules(RULES, disabled, enabled) == left


def test_the_shipped_rules():
    file = Path(__file__).parents[4] / "roles/falco_ebpf/files/rules/runtime_security_rules.yaml"
    found = provable_rules(file.read_text("utf-8"), {"tags": ["network"]}, {})
    assert "Terminal shell in container" in found
    assert "Contact K8S API Server From Container" not in found
    assert "Process that ran before Falco" not in found
