# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.runtime_security.kubernetes.plugins.filter.proof_table import FilterModule

proof_table = FilterModule().filters()["proof_table"]
PROOF = [
    {"name": "a long name", "ok": True, "seconds": 0.123, "detail": "seen"},
    {"name": "short", "ok": False, "seconds": 180.0, "detail": "not seen"},
]


def test_columns_are_aligned():
    assert proof_table(PROOF, [{"name": "audit", "reason": "audit is false"}]) == [
        "ok         0.12 s  a long name  seen",
        "NOT OK   180.00 s  short        not seen",
        "skipped            audit        audit is false",
    ]


def test_an_empty_proof():
    assert proof_table([]) == []


@pytest.mark.parametrize("proof", [["text"], [{"name": "x"}], None])
def test_other_input_is_refused(proof):
    with pytest.raises(AnsibleFilterError, match="takes a list of"):
        proof_table(proof)
