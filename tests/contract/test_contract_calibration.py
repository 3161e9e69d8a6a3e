# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The double against a real Grafana of the same release: GRAFANA_URL, GRAFANA_USER, GRAFANA_PASSWORD.

The steps make a folder, a dashboard, a data source, an alert rule and a contact point, all named contract-*, and remove
them. They fail for a release that the double does not know.
"""

from __future__ import annotations

import json
import os
import urllib.request

import pytest
import sequence
from grafana_double import RELEASES, Double
from grafana_double.server import USER

URL = os.environ["GRAFANA_URL"]


@pytest.fixture(scope="module")
def release():
    with urllib.request.urlopen(f"{URL.rstrip('/')}/api/health", timeout=60) as response:
        return RELEASES[json.load(response)["version"]]


@pytest.fixture(scope="module")
def real():
    answers = sequence.run(URL, (os.environ.get("GRAFANA_USER", "admin"), os.environ["GRAFANA_PASSWORD"]))
    return {answer["step"]: answer for answer in answers}


@pytest.fixture(scope="module")
def double(release):
    with Double(release) as server:
        return {answer["step"]: answer for answer in sequence.run(server.url, USER)}


@pytest.mark.parametrize("name", [step.name for step in sequence.STEPS])
def test_real_and_double_answer_alike(real, double, name):
    assert double[name] == real[name]
