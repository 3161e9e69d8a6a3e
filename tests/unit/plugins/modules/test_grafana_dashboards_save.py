# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module grafana_dashboards against answers that a real Grafana gives too rarely to wait for."""

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_dashboard_classic
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import GrafanaError


class FakeGrafana:
    """Has one dashboard, and refuses to save it as one that was changed by someone else."""

    def __init__(self, refusals, stored=7):
        self.refusals = refusals
        self.stored = stored
        self.saved = 0

    def get_object(self, api_path, *keys, absent=()):
        return {"dashboard": {"uid": "one", "version": self.stored}, "meta": {}}

    def request(self, method, api_path, payload=None, absent=()):
        if self.refusals:
            self.refusals -= 1
            raise GrafanaError("HTTP 412: The dashboard has been changed by someone else", 412)
        self.saved += 1
        return {}


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(grafana_dashboard_classic, "PAUSE_SECONDS", 0)


def save(grafana, version=7):
    payload = {"dashboard": {"uid": "one", "version": version}}
    grafana_dashboard_classic.Classic(grafana).post("one", payload)


def test_grafana_that_took_its_locked_database_for_somebody_else_is_asked_again():
    grafana = FakeGrafana(refusals=2)
    save(grafana)
    assert grafana.saved == 1


def test_somebody_elses_change_stays():
    grafana = FakeGrafana(refusals=1, stored=8)
    with pytest.raises(GrafanaError, match="changed by someone else"):
        save(grafana)
    assert grafana.saved == 0


def test_it_is_not_asked_for_ever():
    grafana = FakeGrafana(refusals=100)
    with pytest.raises(GrafanaError):
        save(grafana)
    assert grafana.refusals == 90
