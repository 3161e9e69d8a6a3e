# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_panels


def _panel(title, expr, **more):
    panel = {
        "id": 1,
        "title": title,
        "type": "timeseries",
        "datasource": {"type": "prometheus", "uid": "prometheus"},
        "gridPos": {"x": 0, "y": 0},
        "targets": [{"refId": "A", "expr": expr}],
    }
    panel.update(more)
    return panel


def _dashboard(*panels, **more):
    return {"time": {"from": "now-2h", "to": "now"}, "panels": list(panels), **more}


def _variable(name, value, **more):
    return {"name": name, "type": "query", "current": {"value": value}, **more}


def test_a_query_carries_its_panel_source_and_step():
    (entry,) = grafana_panels.panel_queries(_dashboard(_panel("Up", "up", maxDataPoints=120)))
    assert entry["panel"] == "Up"
    assert entry["panel_id"] == 1
    assert entry["ref_id"] == "A"
    assert entry["datasource_uid"] == "prometheus"
    assert entry["query"] == {
        "refId": "A",
        "expr": "up",
        "datasource": {"type": "prometheus", "uid": "prometheus"},
        "maxDataPoints": 120,
        "intervalMs": 60000,
    }


def test_a_query_may_name_another_source_than_its_panel():
    panel = _panel("Mixed", "up", datasource={"uid": "-- Mixed --"})
    panel["targets"] = [
        {"refId": "A", "expr": "up", "datasource": {"uid": "prometheus"}},
        {"refId": "B", "expr": '{a="b"}', "datasource": "loki"},
    ]
    entries = grafana_panels.panel_queries(_dashboard(panel))
    assert [entry["datasource_uid"] for entry in entries] == ["prometheus", "loki"]


def test_collapsed_rows_are_opened_and_panels_come_in_reading_order():
    row = {
        "type": "row",
        "gridPos": {"x": 0, "y": 9},
        "panels": [
            _panel("right", "b", gridPos={"x": 12, "y": 10}),
            _panel("left", "a", gridPos={"x": 0, "y": 10}),
        ],
    }
    top = _panel("top", "c", gridPos={"x": 0, "y": 0})
    titles = [entry["panel"] for entry in grafana_panels.panel_queries(_dashboard(row, top))]
    assert titles == ["top", "left", "right"]


def test_hidden_queries_and_panels_without_source_are_left_out():
    hidden = _panel("hidden", "up")
    hidden["targets"][0]["hide"] = True
    text = {"type": "text", "title": "words", "gridPos": {"x": 0, "y": 3}}
    sourceless = _panel("none", "up", datasource=None)
    assert grafana_panels.panel_queries(_dashboard(hidden, text, sourceless)) == []


def test_saved_choices_fill_variables_and_the_callers_values_win():
    dashboard = _dashboard(
        _panel("Lines", '{namespace=~"$namespace", pod=~"${pod:pipe}", app="[[app]]"}'),
        templating={
            "list": [
                _variable("namespace", "$__all", allValue=".+"),
                _variable("pod", ["a", "b"]),
                _variable("app", "loki"),
            ]
        },
    )
    (entry,) = grafana_panels.panel_queries(dashboard)
    assert entry["query"]["expr"] == '{namespace=~".+", pod=~"a|b", app="loki"}'
    (entry,) = grafana_panels.panel_queries(dashboard, {"namespace": ["x.y", "z"], "app": "etcd"})
    assert entry["query"]["expr"] == '{namespace=~"(x\\.y|z)", pod=~"a|b", app="etcd"}'


def test_a_source_named_by_a_variable_is_resolved():
    panel = _panel("Up", "up", datasource={"type": "prometheus", "uid": "${DS}"})
    (entry,) = grafana_panels.panel_queries(_dashboard(panel), {"DS": "prometheus"})
    assert entry["datasource_uid"] == "prometheus"


def test_time_variables_follow_the_range():
    expr = "rate(x[$__rate_interval]) / increase(x[$__range]) / $__range_s / $__interval_ms"
    (entry,) = grafana_panels.panel_queries(_dashboard(_panel("Rate", expr, maxDataPoints=72)))
    assert entry["query"]["expr"] == "rate(x[115s]) / increase(x[7200s]) / 7200 / 100000"


def test_a_short_range_never_steps_finer_than_a_scrape():
    dashboard = _dashboard(_panel("Rate", "[$__interval] [$__rate_interval]"), time={"from": "now-5m"})
    (entry,) = grafana_panels.panel_queries(dashboard)
    assert entry["query"]["expr"] == "[15s] [60s]"


@pytest.mark.parametrize(
    ("of_panel", "of_query", "expected"),
    [
        ("1m", None, "60s"),
        (None, "2m", "120s"),
        (">5m", "1m", "300s"),
        ("1s", "$__interval", "15s"),
        (None, None, "15s"),
    ],
)
def test_no_step_is_finer_than_panel_or_query_allow(of_panel, of_query, expected):
    panel = _panel("Rate", "[$__interval]", interval=of_panel)
    panel["targets"][0]["interval"] = of_query
    (entry,) = grafana_panels.panel_queries(_dashboard(panel, time={"from": "now-1h"}))
    assert entry["query"]["expr"] == f"[{expected}]"
    assert entry["query"]["intervalMs"] == int(expected[:-1]) * 1000


def test_an_unparsed_range_counts_as_one_hour():
    assert grafana_panels.range_seconds({"time": {"from": "2026-01-01"}}) == 3600


def test_unknown_names_stay_as_they_are():
    assert grafana_panels.interpolate("label_replace(x, '$1', ${nope})", {}) == "label_replace(x, '$1', ${nope})"


@pytest.mark.parametrize(("how", "expected"), [("csv", "a.b,c"), ("pipe", "a.b|c"), ("regex", "(a\\.b|c)")])
def test_formats(how, expected):
    assert grafana_panels.interpolate("${v:%s}" % how, {"v": ["a.b", "c"]}) == expected


def test_an_unknown_format_is_named():
    with pytest.raises(ValueError, match=r"'lucene'.*regex, pipe, csv or raw"):
        grafana_panels.interpolate("${v:lucene}", {"v": "a"})


def test_the_body_spans_the_range():
    assert grafana_panels.query_body([{"refId": "A"}], 1000.5, 60) == {
        "queries": [{"refId": "A"}],
        "from": "940500",
        "to": "1000500",
    }


def _response(*columns, **result):
    fields = [{"type": "time"}] + [{"type": "number"} for column in columns[1:]]
    frame = {"schema": {"fields": fields}, "data": {"values": list(columns)}}
    return {"results": {"A": {"frames": [frame], **result}}}


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (_response([1, 2], [None, 0]), True),
        (_response([1, 2], [None, None]), False),
        (_response([1, 2]), False),
        (_response([], []), False),
        (_response([1], [1], error="parse error"), False),
        ({"results": {"A": {"frames": []}}}, False),
        ({"results": {"A": {}}}, False),
        ({"results": {}}, False),
        ({}, False),
    ],
)
def test_data_means_a_value_without_error(response, expected):
    assert grafana_panels.frames_have_data(response) is expected


def test_one_empty_query_of_two_is_not_data():
    response = _response([1], [1])
    response["results"]["B"] = {"frames": []}
    assert not grafana_panels.frames_have_data(response)


def test_errors_are_listed():
    assert grafana_panels.response_errors(_response([1], [1], error="parse error")) == ["parse error"]
    assert grafana_panels.response_errors(_response([1], [1])) == []


def test_the_finest_step_is_that_of_the_data():
    dashboard = _dashboard(_panel("Up", "sum_over_time(up[$__interval])", interval="1m"))
    (entry,) = grafana_panels.panel_queries(dashboard, finest=True)
    assert entry["query"]["intervalMs"] == 15000
    assert entry["query"]["expr"] == "sum_over_time(up[15s])"
    assert entry["query"]["maxDataPoints"] * 15 == grafana_panels.range_seconds(dashboard)
