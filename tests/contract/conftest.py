# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest
from grafana_double import RELEASES, Double

# Compares with a real Grafana: GRAFANA_URL, GRAFANA_USER, GRAFANA_PASSWORD.
collect_ignore = [] if os.environ.get("GRAFANA_URL") else ["test_contract_calibration.py", "test_contract_real.py"]

# Of releases that the double knows no difference between, such as 13.2 and 13.3, the newest.
DIFFERENT = {release._replace(version=""): release for release in RELEASES.values()}.values()


@pytest.fixture(params=DIFFERENT, ids=[release.version for release in DIFFERENT])
def grafana(request):
    """The double, as each release in turn."""
    with Double(request.param) as double:
        yield double


@pytest.fixture
def oldest():
    """The double as the oldest release, for what does not depend on the release."""
    with Double(RELEASES["9.5.21"]) as double:
        yield double


@pytest.fixture
def quick(monkeypatch):
    """No second look at what a Grafana that lies says again."""
    # By their names: tests/unit/conftest.py comes before the first import of the collection.
    work = "ansible_collections.runtime_security.kubernetes.plugins.module_utils"
    monkeypatch.setattr(f"{work}.grafana_data_source_settings._ROUNDS", 1)
    monkeypatch.setattr(f"{work}.grafana_folder.COUNT_SECONDS", 0)
