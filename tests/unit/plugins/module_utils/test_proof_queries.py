# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import GrafanaError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.grafana import Reader, Refused
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.queries import (
    Entry,
    Queries,
    Sample,
    as_json,
    entries_of,
    samples_of,
)


def _response(*frames):
    return {
        "results": {
            "A": {
                "status": 200,
                "frames": [
                    {
                        "schema": {"fields": [field for field, values in frame]},
                        "data": {"values": [v for f, v in frame]},
                    }
                    for frame in frames
                ],
            }
        }
    }


# The column names of Grafana 9 and 10, and those of the log format that later versions can send.
OLD = [
    ({"name": "labels", "type": "other"}, [{"namespace": "a"}, {"namespace": "a"}]),
    ({"name": "Time", "type": "time"}, [1700000000500, 1700000000000]),
    ({"name": "Line", "type": "string"}, ["second", "first"]),
    ({"name": "tsNs", "type": "string"}, ["1700000000500000000", "1700000000000000000"]),
    ({"name": "id", "type": "string"}, ["2", "1"]),
]
NEW = [
    ({"name": "timestamp", "type": "time"}, [1700000000500, 1700000000000]),
    ({"name": "body", "type": "string"}, ["second", "first"]),
    ({"name": "id", "type": "string"}, ["2", "1"]),
    ({"name": "labels", "type": "other"}, [{}, {}]),
]


@pytest.mark.parametrize("frame", [OLD, NEW])
def test_log_lines(frame):
    assert entries_of(_response(frame)) == [Entry(1700000000.5, "second"), Entry(1700000000.0, "first")]


@pytest.mark.parametrize(
    "response", [{}, {"results": {"A": {"frames": None}}}, _response([]), _response([(OLD[1][0], []), (OLD[2][0], [])])]
)
def test_no_log_lines(response):
    assert entries_of(response) == []
    assert samples_of(response) == []


def test_samples_have_one_frame_for_each_series():
    frames = [
        [
            ({"name": "Time", "type": "time"}, [1, 2]),
            ({"name": "Value", "type": "number", "labels": {"job": job}}, [0, value]),
        ]
        for job, value in (("a", 1), ("b", 0))
    ]
    assert samples_of(_response(*frames)) == [Sample({"job": "a"}, 1.0), Sample({"job": "b"}, 0.0)]


def test_samples_without_labels_and_without_values():
    value = {"name": "Value", "type": "number"}
    assert samples_of(_response([(value, [3.5])], [(value, [None])])) == [Sample({}, 3.5)]


class _Asked:
    def __init__(self, content):
        self.content = content
        self.bodies = []

    def query(self, body):
        self.bodies.append(body)
        return self.content


def test_queries_name_their_source():
    grafana = _Asked(_response(OLD))
    queries = Queries(grafana, "loki-uid", "prometheus-uid")
    queries.lines("{}", back_seconds=900)
    queries.samples("up")
    lines, samples = grafana.bodies
    assert lines["queries"][0]["datasource"]["uid"] == "loki-uid"
    assert int(lines["to"]) - int(lines["from"]) >= 900_000
    assert samples["queries"][0]["datasource"]["uid"] == "prometheus-uid"
    assert samples["queries"][0]["instant"] is True


def test_lines_are_counted_by_loki_which_has_no_limit_for_it():
    grafana = _Asked(_response([({"name": "Value", "type": "number", "labels": {}}, [6000])]))
    assert Queries(grafana, "loki-uid", "prometheus-uid").count('{a="b"} |= "c"') == 6000
    (asked,) = grafana.bodies[0]["queries"]
    assert re.fullmatch(r'sum\(count_over_time\(\{a="b"\} \|= "c" \[120s\]\)\)', asked["expr"])
    assert (asked["queryType"], asked["datasource"]["uid"]) == ("instant", "loki-uid")


def test_no_lines_are_none():
    assert Queries(_Asked(_response([])), "loki-uid", "prometheus-uid").count("{}") == 0


@pytest.mark.parametrize("text, value", [('{"verb": "create"}', {"verb": "create"}), ("[1]", {}), ("plain", {})])
def test_as_json(text, value):
    assert as_json(text) == value


class _Client:
    url, trust = "http://grafana", None

    def __init__(self, answer):
        self.answer = answer

    def request(self, method, path, body=None):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_a_refused_request_may_work_later():
    with pytest.raises(Refused, match="HTTP 502") as caught:
        Reader(_Client(GrafanaError("GET /api/org: HTTP 502", 502))).get("/api/org")
    assert caught.value.status == 502


def test_a_refused_query_gives_the_sources_words():
    with pytest.raises(Refused, match="^parse error at line 1$"):
        Reader(_Client({"results": {"A": {"error": "parse error at line 1"}}})).query({"queries": []})
