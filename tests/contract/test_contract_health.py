# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import functools

import pytest
from modules import run

SOURCES = {"prometheus": "prometheus", "loki": "loki", "traces": "tempo"}


@pytest.fixture
def look(grafana):
    for uid, kind in SOURCES.items():
        run("grafana_data_source", grafana.url, uid=uid, type=kind, ds_url="http://x")
    return functools.partial(run, "grafana_health_info", grafana.url, wait_timeout=0)


def test_what_is_well_is_called_so_by_check_or_by_query(grafana, look):
    result = look(data_sources=["prometheus", "loki"])
    assert result["healthy"]
    assert result["version"] == grafana.release.version
    checked = grafana.release.health_checks
    for source in result["data_sources"]:
        assert source["via"] == ("health" if source["uid"] in checked else "query")
    assert look(data_sources=["prometheus"], check=True)["healthy"]
    # A source that was changed a moment ago is asked as it is now.
    assert grafana.data_sources.asked_from_cache == []


def test_what_cannot_be_reached_is_told(grafana, look):
    grafana.data_sources.unreachable = {"prometheus", "loki"}
    result = look(data_sources=["prometheus", "loki"])
    assert not result["healthy"]
    assert ["connection refused" in source["message"] for source in result["data_sources"]] == [True, True]


def test_what_cannot_be_reached_is_an_error_where_it_has_to_be_healthy(grafana, look):
    wanted = {"data_sources": ["prometheus", "loki"], "require_healthy": True}
    assert not look(**wanted).get("failed")
    grafana.data_sources.unreachable = {"loki"}
    result = look(**wanted, variables={"loki": "my_loki_url", "prometheus": "my_prometheus_url"})
    assert result["msg"].startswith("my_loki_url: Grafana did not reach the data source loki within ")
    assert "connection refused" in result["msg"] and "my_prometheus_url" not in result["msg"]
    assert "Fix: correct my_loki_url, and look at the pods behind it." in result["msg"]
    assert [source["ok"] for source in result["data_sources"]] == [True, False]


def test_a_type_without_a_check_and_a_source_that_is_missing(look):
    traces, missing = look(data_sources=["traces", "none"])["data_sources"]
    assert traces["message"] == "this version of Grafana has no health check for type 'tempo'"
    assert missing["message"] == "no data source has this uid"
