# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often Grafana is asked whether the credentials are right."""

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_health
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import GrafanaError


class Asked:
    """A Grafana that gives these answers, one after the other."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def request(self, _method, _path):
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(grafana_health, "_PAUSE", 0)


def test_a_port_that_leads_nowhere_for_a_moment_is_asked_again():
    grafana = Asked(GrafanaError("Connection refused"), GrafanaError("Connection reset"), {"id": 1})
    grafana_health.try_credentials(grafana, grafana_health.Deadline(5))
    assert grafana.answers == []


def test_wrong_credentials_are_tried_once():
    grafana = Asked(GrafanaError("Unauthorized", 401), {"id": 1})
    with pytest.raises(GrafanaError, match="Unauthorized"):
        grafana_health.try_credentials(grafana, grafana_health.Deadline(5))
    assert len(grafana.answers) == 1


def test_silence_ends_with_the_time():
    grafana = Asked(*(GrafanaError("Connection refused") for _each in range(2)))
    with pytest.raises(GrafanaError, match="refused"):
        grafana_health.try_credentials(grafana, grafana_health.Deadline(0))
    assert len(grafana.answers) == 1
