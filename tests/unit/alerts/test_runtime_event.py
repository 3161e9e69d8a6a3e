# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which events are alerts, evaluated by Loki itself: those of the proof by their own way."""

from __future__ import annotations

import json

import loki_history
import pytest
from shipped import expression

SHELL = "Terminal shell in container"
PROOF = "pipeline-proof"


@pytest.fixture(scope="module")
def loki(loki):
    story = loki_history.Story(loki, "events")
    for at, (pod, namespace, rule, priority) in enumerate(
        [
            ("pipeline-proof-1", PROOF, SHELL, "Notice"),
            ("notification-test-1", PROOF, SHELL, "Notice"),
            ("other", PROOF, SHELL, "Notice"),
            ("pipeline-proof-2", PROOF, "Write below etc", "Notice"),
            ("pipeline-proof-3", "shop", SHELL, "Notice"),
            ("loud", "shop", SHELL, "Error"),
            ("proof-0123", "continuous-proof", SHELL, "Notice"),
        ]
    ):
        fields = {"k8s.ns.name": namespace, "k8s.pod.name": pod}
        line = {"output_fields": fields, "priority": priority, "rule": rule}
        story.said(600 + at, json.dumps(line, separators=(",", ":")))
    story.told()
    return story


@pytest.mark.parametrize(
    ("routed", "priority", "pods"),
    [
        (True, "error", {"pipeline-proof-1", "notification-test-1", "loud"}),
        (False, "error", {"notification-test-1", "loud"}),
        (
            True,
            "notice",
            {
                "proof-0123",
                "pipeline-proof-1",
                "notification-test-1",
                "other",
                "pipeline-proof-2",
                "pipeline-proof-3",
                "loud",
            },
        ),
        (
            False,
            "notice",
            {"proof-0123", "notification-test-1", "other", "pipeline-proof-2", "pipeline-proof-3", "loud"},
        ),
    ],
)
def test_which_events_are_alerts(loki, routed, priority, pods):
    inputs = {"__grafana_wiring_proof_notification": routed, "grafana_wiring_alert_priority": priority}
    found = loki.latest(expression("runtime-event", **inputs), 720, by="k8s_pod_name")
    assert found == dict.fromkeys(pods, 1.0)


def test_events_of_the_continuous_proof_are_no_alerts(loki):
    inputs = {"__grafana_wiring_proof_notification": False, "grafana_wiring_alert_priority": "notice"}
    found = loki.latest(
        expression("runtime-event", __grafana_wiring_continuous_proof=True, **inputs), 720, by="k8s_pod_name"
    )
    assert set(found) == {"notification-test-1", "other", "pipeline-proof-2", "pipeline-proof-3", "loud"}
