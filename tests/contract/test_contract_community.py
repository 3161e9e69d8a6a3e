# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why the modules of our own are there: what community.grafana's do on each release (docs/grafana_versions.md)."""

from __future__ import annotations

import functools
import json

import pytest
from grafana_double import RELEASES, Double
from modules import run

SOURCE = {"name": "Loki", "uid": "loki", "ds_type": "loki", "ds_url": "http://loki:3100"}

# Without the legacy API they do not work at all; 13.2 and 13.3 are the same.
SERVED = {name: release for name, release in RELEASES.items() if not release.legacy_gone and name != "13.2.0"}


@pytest.fixture(params=SERVED.values(), ids=list(SERVED))
def grafana(request):
    with Double(request.param) as double:
        yield double


@pytest.fixture
def source(grafana):
    return functools.partial(run, "grafana_datasource", grafana.url, collection="community.grafana", **SOURCE)


def test_a_data_source_is_made_once(grafana, source):
    assert source()["changed"]
    assert not source()["changed"]
    assert list(grafana.data_sources.stored) == ["loki"]


def test_a_data_source_is_updated_by_its_number(grafana, source):
    source()
    for _run in range(2):
        assert source(ds_url="http://other:3100")["changed"] or grafana.release.numeric_ids
    # Where numbers are off it says changed each time, and nothing is.
    expected = "http://other:3100" if grafana.release.numeric_ids else "http://loki:3100"
    assert grafana.data_sources.stored["loki"]["url"] == expected


def test_a_changed_secret_goes_unnoticed(grafana, source):
    source(basic_auth_user="reader", basic_auth_password="geheim-1")
    assert not source(basic_auth_user="reader", basic_auth_password="geheim-2")["changed"]
    assert grafana.data_sources.secrets["loki"]["basicAuthPassword"] == "geheim-1"


def test_a_dashboard_is_put_into_its_folder_by_number(grafana, tmp_path):
    run("grafana_folder", grafana.url, collection="community.grafana", title="Theirs")
    (folder,) = grafana.folders.stored
    file = tmp_path / "nodes.json"
    file.write_text(json.dumps({"uid": "nodes", "title": "Nodes", "panels": []}))
    options = {"folder": "Theirs", "path": str(file), "state": "present"}
    assert run("grafana_dashboard", grafana.url, collection="community.grafana", **options)["changed"]
    # 13 ignores the number: it lands in the root folder.
    assert grafana.dashboards.stored["nodes"].folder == (folder if grafana.release.folder_ids else "")


def test_a_dashboard_cannot_be_foretold_without_its_folder(grafana, tmp_path):
    file = tmp_path / "nodes.json"
    file.write_text(json.dumps({"uid": "nodes", "title": "Nodes", "panels": []}))
    options = {"folder": "Theirs", "path": str(file), "state": "present"}
    result = run("grafana_dashboard", grafana.url, check=True, collection="community.grafana", **options)
    assert "Dashboard folder 'Theirs' does not exist" in result["msg"]
