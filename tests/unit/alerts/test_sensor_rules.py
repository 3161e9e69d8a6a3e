# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules about what a sensor drops and which rules it has, evaluated by promtool and by Loki on made-up pasts."""

from __future__ import annotations

import loki_history
import pytest
from loki_history import EVERY
from shipped import expression

REFUSED = "In rules content: (/etc/falco/rules.d/own.yaml:2:2) LOAD_ERR_COMPILE_CONDITION (Error compiling condition)"


@pytest.mark.parametrize(("dropped", "said"), [("0+0x60", ""), ("0+1x60", ""), ("0+20x60", 'node="n1"')])
def test_drops_count_from_one_in_a_thousand_on(values, dropped, said):
    series = {
        'falcosecurity_scap_n_evts_total{node="n1"}': "0+10000x60",
        'falcosecurity_scap_n_drops_total{node="n1"}': dropped,
        'falcosecurity_scap_n_evts_total{node="n2"}': "0+10000x60",
        'falcosecurity_scap_n_drops_total{node="n2"}': "0+0x60",
    }
    told = values("kernel-drops", series)
    assert (said in told) if said else (told == "")
    assert 'node="n2"' not in told


def sensors(*nodes, namespace="falco"):
    """Series of sensors that have loaded these files, by name and digest."""
    found = {}
    for number, files in enumerate(nodes):
        of = f'namespace="{namespace}",node="n{number}"'
        found[f"falcosecurity_falco_version_info{{{of}}}"] = "1+0x60"
        for name, digest in files.items():
            found[f'falcosecurity_falco_sha256_rules_files_info{{{of},file_name="{name}",sha256="{digest}"}}'] = (
                "1+0x60"
            )
    return found


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        ([{"a.yaml": "1", "b.yaml": "2"}] * 2, ""),
        ([{"a.yaml": "1"}, {"a.yaml": "2"}], 'file_name="a.yaml"'),
        ([{"a.yaml": "1", "b.yaml": "2"}, {"a.yaml": "1"}], 'file_name="b.yaml"'),
        ([{}, {}], ""),
    ],
    ids=["equal", "another content", "not loaded", "no digests"],
)
def test_rules_that_differ_between_nodes(values, nodes, said):
    # A second Falco has rules of its own.
    told = values("rules-differ", sensors(*nodes) | sensors({"a.yaml": "9"}, namespace="other"))
    assert (said in told) if said else (told == "")
    assert 'namespace="other"' not in told


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        (REFUSED, True),
        ('{"output":"cat LOAD_ERR_X","rule":"Read sensitive file untrusted"}', False),
        ('{"falco_load_results":[{"errors":[{"code":"LOAD_ERR_VALIDATE"}]}]}', False),
        ("Loading rules from file /etc/falco/falco_rules.yaml", False),
    ],
    ids=["an error", "an event", "a validation", "no error"],
)
def test_rules_that_falco_refuses(loki, request, line, refused):
    story = loki_history.Story(loki, str(abs(hash(request.node.nodeid))))
    story.said(600, line)
    story.told(node_name="n1")
    times = story.nodes(expression("rules-refused"), 2400, by="node_name").get("n1", set())
    assert times == (set(range(600, 1200, EVERY)) if refused else set())
