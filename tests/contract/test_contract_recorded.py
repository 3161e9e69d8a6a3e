# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The double as release 10.0.0 against the recording of the real server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sequence
from grafana_double import RELEASES, Double
from grafana_double.server import USER

RECORDED = json.loads((Path(__file__).parent / "recorded" / "grafana-10.0.0.json").read_text())


@pytest.fixture(scope="module")
def answers():
    with Double(RELEASES["10.0.0"]) as double:
        return {answer["step"]: answer for answer in sequence.run(double.url, USER)}


def test_every_step_was_recorded():
    assert [answer["step"] for answer in RECORDED["answers"]] == [step.name for step in sequence.STEPS]


@pytest.mark.parametrize("recorded", RECORDED["answers"], ids=lambda answer: answer["step"])
def test_the_double_answers_as_the_real_server_did(answers, recorded):
    assert answers[recorded["step"]] == recorded
