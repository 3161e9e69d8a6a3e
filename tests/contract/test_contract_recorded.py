# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The double against recordings of real servers of its releases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sequence
from grafana_double import RELEASES, Double
from grafana_double.server import USER

FILES = sorted((Path(__file__).parent / "recorded").glob("grafana-*.json"))
RECORDED = {file.stem.removeprefix("grafana-"): json.loads(file.read_text())["answers"] for file in FILES}
STEPS = [(release, answer) for release, answers in RECORDED.items() for answer in answers]


@pytest.fixture(scope="module")
def answers():
    found = {}
    for release in RECORDED:
        with Double(RELEASES[release]) as double:
            found[release] = {answer["step"]: answer for answer in sequence.run(double.url, USER)}
    return found


def test_every_step_was_recorded():
    assert list(RECORDED) == ["10.0.0", "12.4.0"]
    for recorded in RECORDED.values():
        assert [answer["step"] for answer in recorded] == [step.name for step in sequence.STEPS]


@pytest.mark.parametrize(
    ("release", "recorded"), STEPS, ids=[f"{release}: {answer['step']}" for release, answer in STEPS]
)
def test_the_double_answers_as_the_real_server_did(answers, release, recorded):
    assert answers[release][recorded["step"]] == recorded
