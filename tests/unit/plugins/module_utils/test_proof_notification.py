# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The notification of the shell's event: in the sink, and what Grafana reports of other contact points."""

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof import notification, shell
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.cluster import ClusterError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.grafana import Refused
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.watch import Watch
from proof_results import BRIEF, only, verdict
from test_proof_checks import FakePod, settled

SINK = "ours proof"
ALERTS = "/api/alertmanager/grafana/api/v2/alerts"
RECEIVERS = "/api/alertmanager/grafana/config/api/v1/receivers"
NEVER, BEFORE, NOW = "0001-01-01T00:00:00.000Z", "2026-01-01T00:00:00.000Z", "2026-01-01T01:00:00.000Z"


class NotifiedPod(FakePod):
    def __init__(self, *alerts):
        super().__init__()
        self.alerts = list(alerts)

    def notified(self):
        return self.alerts


class FakeGrafana:
    """Answers by path, each one after the other and the last for ever; an exception is raised."""

    def __init__(self, alerts=(), receivers=((),)):
        self.answers = {ALERTS: [list(alerts)], RECEIVERS: list(receivers)}
        self.asked = []

    def get(self, path):
        self.asked.append(path)
        answers = self.answers[path.partition("?")[0]]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def told(**changes):
    labels = {"alertname": "Runtime event", "rule": shell.RULE, "k8s_pod_name": FakePod.name, **changes}
    return {"status": labels.pop("status", "firing"), "labels": labels}


def alert(*names):
    return {"labels": {}, "receivers": [{"name": name} for name in names]}


def receiver(name, *attempts):
    return {
        "name": name,
        "integrations": [{"lastNotifyAttempt": at, "lastNotifyAttemptError": error} for at, error in attempts],
    }


@pytest.fixture(autouse=True)
def _often(monkeypatch):
    monkeypatch.setattr(notification, "_EVERY_SECONDS", 0.005)
    monkeypatch.setattr(shell, "_REPEAT_SECONDS", 0.01)


def followed(grafana, *alerts, seconds=BRIEF):
    watch = Watch(seconds)
    return only(notification.notification(watch, grafana, shell.Shells(watch, NotifiedPod(*alerts), settled)))


def test_a_notification_in_the_sink():
    entry = followed(FakeGrafana(), told(), seconds=5)
    assert verdict(entry) == ("a shell's Falco event becomes a notification", True)
    assert "alert rule 'Runtime event', 1 notification of pod pipeline-proof-1" in entry["detail"]


@pytest.mark.parametrize("other", [{"k8s_pod_name": "pipeline-proof-0"}, {"rule": "Other"}, {"status": "resolved"}])
def test_another_notification_is_not_the_one(other):
    assert not followed(FakeGrafana(), told(**other))["ok"]


def test_the_hop_is_named_at_which_it_stopped():
    grafana = FakeGrafana()
    entry = followed(grafana)
    assert "Grafana has no alert of pod pipeline-proof-1 from its alert rule 'Runtime event'" in entry["detail"]
    assert ALERTS + "?filter=k8s_pod_name%3D%22pipeline-proof-1%22" in grafana.asked
    failed = [receiver(SINK, (NOW, "no such host"))]
    entry = followed(FakeGrafana([alert(SINK)], [failed]))
    assert "for the contact points ours proof, and the sink proof/pipeline-proof-1 got no" in entry["detail"]
    assert "the last attempt failed: no such host" in entry["detail"]
    entry = followed(FakeGrafana([alert(SINK)], [Refused("no rights", 403)]))
    assert "got no notification; no rights" in entry["detail"]


def test_a_log_that_cannot_be_read_yet_is_asked_for_again():
    pod = NotifiedPod(told())
    answers = [ClusterError("log of pod p: Bad Request", 400), pod.alerts]

    def notified():
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    pod.notified = notified
    watch = Watch(5)
    assert only(notification.notification(watch, FakeGrafana(), shell.Shells(watch, pod, settled)))["ok"]


def test_no_shell_before_grafana_has_taken_up_the_way_to_the_sink():
    grafana = FakeGrafana(receivers=[[receiver("chat")], [receiver("chat")], [receiver(SINK)]])
    notification.settle(Watch(5), grafana, SINK)
    assert len(grafana.asked) == 3


@pytest.mark.parametrize("answer", [[receiver("chat")], Refused("no rights", 403)], ids=["never", "not told"])
def test_a_way_that_never_comes_is_not_waited_for_for_ever(monkeypatch, answer):
    monkeypatch.setattr(notification, "_TAKEN_UP_SECONDS", 0.02)
    notification.settle(Watch(5), FakeGrafana(receivers=[answer]), SINK)


def delivered(*receivers, chosen=(SINK, "chat"), seconds=BRIEF):
    watch = Watch(seconds)
    shells = shell.Shells(watch, NotifiedPod(), settled)
    return only(notification.delivered(watch, FakeGrafana([alert(*chosen)], receivers), shells, SINK))


@pytest.mark.parametrize("before", [NEVER, BEFORE])
def test_a_contact_point_that_delivered(before):
    entry = delivered([receiver("chat", (before, ""))], [receiver("chat", (NOW, ""))], seconds=5)
    assert verdict(entry) == ("the contact points deliver a test notification", True)
    assert entry["detail"].startswith("chat: sent, no error")


@pytest.mark.parametrize(
    ("after", "words"),
    [
        ([receiver("chat", (BEFORE, ""))], "contact point chat has sent no notification yet"),
        ([receiver("chat", (NOW, "status 403"))], "contact point chat: status 403"),
        ([receiver("chat", (NEVER, ""))], "has sent no notification yet"),
        ([receiver("chat")], "has sent no notification yet"),
        ([], "has sent no notification yet"),
    ],
    ids=["nothing new", "an error", "changed meanwhile", "no integration", "gone"],
)
def test_a_contact_point_that_did_not(after, words):
    entry = delivered([receiver("chat", (BEFORE, ""))], after)
    assert not entry["ok"]
    assert words in entry["detail"]


def test_each_of_several_has_to_deliver():
    before = [receiver("chat", (BEFORE, ""), (BEFORE, ""))]
    assert not delivered(before, [receiver("chat", (NOW, ""), (BEFORE, ""))])["ok"]
    assert delivered(before, [receiver("chat", (NOW, ""), (NOW, ""))], seconds=5)["ok"]


def test_a_policy_that_leads_to_the_sink_only():
    entry = delivered([], [], chosen=[SINK])
    assert "no alert of pod pipeline-proof-1 for another contact point than ours proof" in entry["detail"]
