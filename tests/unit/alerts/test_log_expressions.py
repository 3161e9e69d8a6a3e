# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules about events without a pod or a process, on made-up histories, evaluated by Loki itself."""

from __future__ import annotations

import json

import loki_history
import pytest
from loki_history import EVERY
from shipped import ROLE, expression, rules

POD, PROCESS = "events-without-pod", "events-without-process"


@pytest.fixture
def story(loki, request):
    return loki_history.Story(loki, str(abs(hash(request.node.nodeid))))


def fires(story, uid, last, node="n1"):
    """When the rule fires first: its expression has to hold for for_seconds without a gap. None when it does not."""
    hold = next(rule for rule in rules() if rule["uid"] == uid)["for_seconds"]
    since, times = None, story.nodes(expression(uid), last).get(node, set())
    for at in range(0, last, EVERY):
        if at not in times:
            since = None
        elif since is None:
            since = at
        elif at - since >= hold:
            return at
    return None


@pytest.mark.parametrize(("uid", "bad"), [(POD, {"pod": None}), (PROCESS, {"name": "<NA>"}), (PROCESS, {"name": None})])
def test_events_that_are_never_attributed(story, uid, bad):
    for at in range(0, 2400, 20):
        story.event(at)
        if at >= 600:
            story.event(at + 1, **bad)
    story.told()
    assert 600 < fires(story, uid, 2400) <= 600 + 21 * 60
    assert fires(story, PROCESS if uid == POD else POD, 2400) is None


def test_events_on_the_node_have_no_pod(story):
    for at in range(0, 2400, 20):
        story.event(at, container="host", pod=None)
    story.told()
    assert fires(story, POD, 2400) is None


def test_the_first_second_of_a_pod_is_normal(story):
    for number in range(5):
        story.event(600 + number / 5, pod=None)
    for number in range(300):
        story.event(601 + number / 6)
    story.event(1800, pod=None)
    story.told()
    assert fires(story, POD, 2400) is None


def test_a_few_among_many_are_normal(story):
    for at in range(0, 2400, 2):
        story.event(at, pod=None if at % 40 == 0 else "p", name="<NA>" if at % 60 == 0 else "sh")
    story.told()
    assert fires(story, POD, 2400) is None
    assert fires(story, PROCESS, 2400) is None


def test_only_the_node_that_is_blind_is_named(story):
    for at in range(0, 2400, 20):
        story.event(at)
        story.event(at, node="n2", pod=None)
    story.told()
    assert fires(story, POD, 2400) is None
    assert fires(story, POD, 2400, node="n2") is not None


def test_it_ends_when_events_are_attributed_again(story):
    for at in range(0, 3000, 20):
        story.event(at, pod="p" if at >= 1500 else None)
    story.told()
    times = story.nodes(expression(POD), 3000)["n1"]
    assert 1500 in times and max(times) < 1500 + 600


def test_the_panel_shows_the_share_and_zero_where_all_is_well(story):
    for at in range(10, 600, 20):
        story.event(at, pod=None if at % 40 == 10 else "p")
        story.event(at, node="n2")
    story.told()
    page = json.loads((ROLE / "files" / "dashboards" / "pipeline-health.json").read_text(encoding="utf-8"))
    (panel,) = [panel for panel in page["panels"] if panel["title"] == "Events without pod or process"]
    no_pod, no_process = (
        story.latest(target["expr"].replace("$cluster", ".*").replace("$__interval", "10m"), 600)
        for target in panel["targets"]
    )
    assert (no_pod, no_process) == ({"n1": 0.5, "n2": 0}, {"n1": 0, "n2": 0})
