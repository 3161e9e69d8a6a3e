# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders the charts of a role."""

from __future__ import annotations

from pathlib import Path

import pytest
from chart_templates import release_values, render, templated_by
from falco_releases import templated, variant  # noqa: F401


@pytest.fixture
def rendered(tmp_path: Path):
    """Render the charts of a role's releases: from a folder of charts, with the role's inputs."""

    def _rendered(charts: Path, role: str, **inputs: object) -> dict[str, dict[tuple[str, str], dict]]:
        return {
            release["name"]: render(tmp_path, charts / release["chart"], release["name"], release["values"])
            for release in templated_by(role, f"__{role}_releases", inputs)
        }

    return _rendered


@pytest.fixture
def rendered_release(tmp_path: Path):
    """Render one release of a role from any chart: what is chosen by an input has not the release's name."""

    def _rendered(charts: Path, chart: str, role: str, release: str, inputs: dict) -> dict[tuple[str, str], dict]:
        return render(tmp_path, charts / chart, release, release_values(role, inputs)[release])

    return _rendered


@pytest.fixture(name="release_values")
def values_of_releases():
    return release_values
