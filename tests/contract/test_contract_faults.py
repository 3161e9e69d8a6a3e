# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each module when Grafana refuses, fails, is slow, or when the connection ends in the middle."""

from __future__ import annotations

import pytest
from grafana_double.server import Fault
from modules import run

BOARDS = [{"uid": f"d{number}", "title": f"D{number}"} for number in range(4)]
CALLS = {
    "grafana_data_source": {"uid": "loki", "type": "loki", "ds_url": "http://x"},
    "grafana_dashboards": {"folder_uid": "ours", "dashboards": BOARDS},
    "grafana_health_info": {"wait_timeout": 0},
}
# What each of them reads first.
READS = {
    "grafana_data_source": "/api/datasources/uid/loki",
    "grafana_dashboards": "/api/search",
    "grafana_health_info": "/api/org",
}


def written(grafana, module):
    """Where a module writes last."""
    return grafana.release.place("dashboards") if module == "grafana_dashboards" else "/api/datasources"


@pytest.mark.parametrize("module", CALLS)
def test_a_wrong_password_is_tried_once(grafana, module):
    result = run(module, grafana.url, **CALLS[module], url_password="wrong-password")
    assert "refused user 'admin' with this password" in result["msg"]
    assert "wrong-password" not in str(result)
    # Grafana locks a user out after a few.
    assert len([path for _method, path, _body in grafana.requests if path != "/api/health"]) == 1
    assert grafana.writes() == []


@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize("module", CALLS)
def test_a_failure_while_reading_changes_nothing(grafana, module, status):
    grafana.faults.append(Fault("GET", READS[module], status))
    result = run(module, grafana.url, **CALLS[module])
    assert f"HTTP {status}: the double was told to fail" in result["msg"]
    assert grafana.writes() == []


@pytest.mark.parametrize("kind", [500, "cut"])
@pytest.mark.parametrize("module", ["grafana_data_source", "grafana_dashboards"])
def test_a_failure_while_writing_is_mended_by_the_next_run(grafana, module, kind):
    grafana.faults.append(Fault("POST", written(grafana, module), kind))
    first = run(module, grafana.url, **CALLS[module])
    assert "POST" in first["msg"]
    second = run(module, grafana.url, **CALLS[module])
    assert "failed" not in second
    assert not run(module, grafana.url, **CALLS[module])["changed"]
    stored = grafana.data_sources.stored if module == "grafana_data_source" else grafana.dashboards.stored
    assert len(stored) == (1 if module == "grafana_data_source" else len(BOARDS))


@pytest.mark.parametrize("module", CALLS)
def test_a_slow_answer_ends_with_the_time_limit(oldest, module):
    oldest.faults.append(Fault("GET", READS[module], 0, seconds=2))
    result = run(module, oldest.url, **{**CALLS[module], "timeout": 1})
    assert "no answer from Grafana" in result["msg"]
    assert "timed out" in result["msg"]


@pytest.mark.parametrize("module", CALLS)
def test_a_connection_that_ends_in_the_middle_of_an_answer(oldest, module):
    oldest.faults.append(Fault("GET", READS[module], "cut"))
    result = run(module, oldest.url, **CALLS[module])
    # A missing data source is a refusal, of which only the status is needed.
    assert module == "grafana_data_source" or "no answer from Grafana" in result["msg"]
    assert "Traceback" not in str(result)


def test_a_refusal_that_is_cut_off_still_names_its_status(oldest):
    run("grafana_data_source", oldest.url, **CALLS["grafana_data_source"])
    oldest.data_sources.add_from_file("loki", type="loki", jsonData={"managedBy": "us"})
    oldest.data_sources.stored["loki"]["readOnly"] = False
    real = oldest.data_sources._update
    oldest.data_sources._update = lambda uid, body: real("none", body)
    oldest.faults.append(Fault("PUT", "/api/datasources/uid/loki", "cut"))
    result = run("grafana_data_source", oldest.url, **CALLS["grafana_data_source"])
    assert "HTTP 404: Not Found" in result["msg"]
