# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof's line on the hops that are not encrypted."""

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof import hops
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.grafana import Refused
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.watch import Watch

UIDS = {"prometheus": "metrics", "loki": "logs"}


class FakeGrafana:
    def __init__(self, url, **sources):
        self.url = url
        self.sources = sources

    def get(self, path):
        source = self.sources[path.rpartition("/")[2]]
        if isinstance(source, int):
            raise Refused("no", source)
        return source


def found(grafana, agent=True):
    (entry,) = hops.hops(Watch(0.05), grafana, UIDS, agent)
    assert entry["name"] == hops.NAME
    return entry


@pytest.mark.parametrize(
    "url, logs, agent, plain",
    [
        ("http://g", {"url": "http://l"}, False, ["the log agent to Loki", "Grafana to Loki", "people to Grafana"]),
        ("http://g", {"url": "https://l"}, True, ["people to Grafana"]),
        ("https://g", {"url": "https://l"}, True, []),
        ("https://g", {"url": "https://l", "jsonData": {"tlsSkipVerify": True}}, True, ["Grafana to Loki"]),
    ],
)
def test_what_is_plain_is_named(url, logs, agent, plain):
    entry = found(FakeGrafana(url, metrics={"url": "https://p"}, logs=logs), agent)
    assert entry["ok"]
    assert entry["detail"] == "not encrypted: " + ", ".join([*plain, "Prometheus to the metrics"])


def test_what_grafana_does_not_show_is_said():
    entry = found(FakeGrafana("https://g", metrics=403, logs={"url": "https://l"}))
    assert entry["ok"]
    assert entry["detail"].endswith("; not shown to this user: Grafana to Prometheus")
    assert "not encrypted: Prometheus to the metrics;" in entry["detail"]


@pytest.mark.parametrize("answer", [500, {"name": "Loki"}])
def test_an_answer_that_says_nothing_is_not_ok(answer):
    assert not found(FakeGrafana("https://g", metrics={"url": "https://p"}, logs=answer))["ok"]
