# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The releases of metrics_stack, and the rules that it ships."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

ROLE = Path(__file__).parents[3] / "roles" / "metrics_stack"


def test_our_own_rules_are_shipped(release_values):
    files = sorted((ROLE / "files" / "rules").glob("*.yml"))
    groups = [group["name"] for file in files for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]]
    values = release_values("metrics_stack", {})["prometheus"]
    assert [group["name"] for group in values["serverFiles"]["recording_rules.yml"]["groups"]] == groups


@pytest.mark.parametrize(
    ("prometheus", "grafana", "releases"),
    [
        ("own", "own", ["prometheus", "grafana"]),
        ("operator", "existing", ["prometheus"]),
        ("existing", "own", ["grafana"]),
        ("existing", "existing", []),
    ],
)
def test_each_part_is_chosen_alone(release_values, prometheus, grafana, releases):
    inputs = {"metrics_stack_prometheus_mode": prometheus, "metrics_stack_grafana_mode": grafana}
    assert list(release_values("metrics_stack", inputs)) == releases
