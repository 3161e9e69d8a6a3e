# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the events of the last days are asked for."""

from __future__ import annotations

import re

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco import exceptions, past_events
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.grafana import Refused

RULE = exceptions.Rule("R", "warning", (exceptions.ExceptionOf("e", ("proc.name",), ("in",)),))
TOO_MANY = Refused("maximum of series (500) reached for a single query")


def label_of(field):
    _text, labels = past_events.expression(RULE, "falco", [], 60)
    return next(label for label, of in labels.items() if of == field)


class FakeGrafana:
    """Answers with one series; refuses windows that are longer than it likes."""

    def __init__(self, longest=past_events.DAY, error=TOO_MANY):
        self.longest, self.error, self.windows = longest, error, []

    def query(self, body):
        seconds = int(re.search(r"\[(\d+)s\]", body["queries"][0]["expr"])[1])
        assert int(body["to"]) - int(body["from"]) == seconds * 1000
        if seconds > self.longest:
            raise self.error
        self.windows.append((int(body["from"]) // 1000, int(body["to"]) // 1000))
        labels = {label_of("proc.name"): "curl", label_of("k8s.pod.name"): "web-1", label_of("user.name"): ""}
        field = {"name": "Value", "type": "number", "labels": labels}
        return {"results": {"A": {"frames": [{"schema": {"fields": [field]}, "data": {"values": [[3]]}}]}}}


def read(grafana, days=2):
    return past_events.Past(grafana, "loki", "falco", ["pipeline-proof"]).read([RULE], days)


def test_each_day_is_counted_by_itself():
    grafana = FakeGrafana()
    found = read(grafana)
    assert [(one.rule, one.day, one.count) for one in found] == [("R", 0, 3), ("R", 1, 3)]
    assert found[0].fields == {"proc.name": "curl", "k8s.pod.name": "web-1"}
    (first, last), (earlier, until) = grafana.windows
    assert (last - first, until, until - earlier) == (past_events.DAY, first, past_events.DAY)


@pytest.mark.parametrize("words", ["maximum of series (500) reached", "maximum number of series (500) reached"])
def test_a_day_with_too_many_series_is_read_in_parts(words):
    grafana = FakeGrafana(longest=past_events.DAY // 4, error=Refused(f"HTTP 400: {words} for a single query"))
    found = read(grafana, days=1)
    assert [(one.day, one.count) for one in found] == [(0, 3)] * 4
    windows = sorted(grafana.windows)
    assert all(end == begin for (_first, end), (begin, _last) in zip(windows, windows[1:]))
    assert windows[-1][1] - windows[0][0] == past_events.DAY


@pytest.mark.parametrize("grafana", [FakeGrafana(longest=30), FakeGrafana(longest=60, error=Refused("no such source"))])
def test_what_loki_does_not_answer_is_an_error(grafana):
    with pytest.raises(Refused):
        read(grafana)


def test_events_of_the_proof_do_not_count():
    text, labels = past_events.expression(RULE, "falco", ["pipeline-proof"], 60)
    assert f'| rule = "R" | {label_of("k8s.ns.name")} != "pipeline-proof" [60s]' in text
    assert set(labels.values()) >= {"k8s.ns.name", "k8s.pod.name", "proc.name", "proc.exepath"}
