# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bars and numbers of the dashboards that count log lines, evaluated by Loki itself: both count the newest line."""

from __future__ import annotations

import json
import time
import urllib.parse

import pytest
from shipped import ROLE

TENANT = "dashboard-bars"
STEP, RANGE = 60, 900
LABELS = {"cluster": "c", "node_name": "n", "namespace": "shop", "pod": "p", "container": "kube-apiserver"}
# Ages of lines in seconds: the newest is younger than a step, and none is at the begin of the range.
AGES = [1, 5, 70, 300, 301, 600]
AUDIT = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Event",
    "stage": "ResponseComplete",
    "verb": "get",
    "user": {"username": "alice"},
    "objectRef": {"resource": "pods", "namespace": "shop"},
    "responseStatus": {"code": 403},
}


@pytest.fixture(scope="module")
def loki(loki):
    now = time.time_ns()
    line = json.dumps(AUDIT, separators=(",", ":"))
    loki.push(TENANT, LABELS, sorted((now - age * 10**9, line) for age in AGES))
    return loki


def expression(page, title):
    found = json.loads((ROLE / "files" / "dashboards" / f"{page}.json").read_text(encoding="utf-8"))
    (panel,) = (one for one in found["panels"] if one["title"] == title and one["type"] in ("stat", "timeseries"))
    text = panel["targets"][0]["expr"].replace("$__interval", f"{STEP}s").replace("$__range", f"{RANGE}s")
    for variable in ("search", "user", "exclude"):
        text = text.replace(f"${variable}", "")
    text = text.replace("$ignore", "-")
    for variable in ("cluster", "node", "namespace", "pod", "container", "verb"):
        text = text.replace(f"${variable}", ".+" if variable == "namespace" else ".*")
    return text


def total(loki, kind, **query):
    """The sum of all values of a query, as a legend or a number has it."""
    answer = json.loads(loki._ask(TENANT, f"/loki/api/v1/{kind}?{urllib.parse.urlencode(query)}"))["data"]
    rows = answer["result"]
    assert rows, query
    return sum(float(value) for row in rows for _at, value in row.get("values", [row.get("value")]))


@pytest.mark.parametrize(
    ("page", "number", "bars"),
    [
        ("log-explorer", "Lines", "Lines by namespace"),
        ("api-audit", "Requests", "Requests by verb"),
        ("api-audit", "Denied", "Denied requests by user"),
    ],
)
def test_bars_count_what_the_number_counts(loki, page, number, bars):
    end = int(time.time())
    counted = total(loki, "query", query=expression(page, number), time=end)
    # As a Loki does itself that is set to align_queries_with_step.
    last = end // STEP * STEP
    drawn = total(loki, "query_range", query=expression(page, bars), start=last - RANGE, end=last, step=STEP)
    assert counted == drawn == len(AGES)
