from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.rollout_wait import Rollout, wait

FIXTURES = Path(__file__).parent / "fixtures" / "rollout"


class Recording:
    """A cluster that plays recorded workloads: from the second a workload is named at."""

    def __init__(self, **scenes):
        self.now = 0.0
        self.logs_asked = []
        self._scenes = {
            name.replace("_", "-"): [(at, json.loads((FIXTURES / f"{file}.json").read_text())) for at, file in parts]
            for name, parts in scenes.items()
        }

    def sleep(self, seconds):
        self.now += seconds

    def _cases(self):
        for parts in self._scenes.values():
            for at, case in reversed(parts):
                if self.now >= at:
                    yield case
                    break

    def workload(self, kind, name):
        for case in self._cases():
            if (case["workload"]["kind"], case["workload"]["metadata"]["name"]) == (kind, name):
                return case["workload"]
        return None

    def pods(self, label_selector):
        return [
            p
            for case in self._cases()
            for p in case["pods"]
            if label_selector == f"app={p['metadata']['labels']['app']}"
        ]

    def replica_sets(self, label_selector):
        return [r for case in self._cases() for r in case["replica_sets"]]

    def events(self):
        return [e for case in self._cases() for e in case["events"]]

    def log(self, pod, container, previous, lines):
        self.logs_asked.append((container, previous, lines))
        return ["starting", "db password=hunter2 refused"][:lines]


def run(cluster, *rollouts, timeout=60.0, once=False):
    return wait(cluster, list(rollouts), timeout, 0.5, once, lambda: cluster.now, cluster.sleep)


def test_all_done_at_the_first_look_waits_for_nothing():
    cluster, fine = Recording(fine=[(0, "fine")]), Rollout("DaemonSet", "fine")
    assert run(cluster, fine) == 0
    assert fine.result() == {
        "kind": "DaemonSet",
        "name": "fine",
        "ready": True,
        "seconds": 0.0,
        "wanted": 1,
        "updated": 1,
        "available": 1,
        "reason": "",
    }


def test_one_hopeless_workload_ends_the_wait_for_all():
    cluster = Recording(unready=[(0, "unready")], never=[(0, "never-pull")])
    unready, never = Rollout("Deployment", "unready"), Rollout("Deployment", "never-pull")
    assert run(cluster, unready, never) == 0.5
    assert (unready.hopeless, never.hopeless) == (False, True)


def test_a_workload_that_does_not_exist_is_given_up_soon():
    nothing = Rollout("Deployment", "nothing")
    assert run(Recording(), nothing) == 5
    assert nothing.result()["reason"] == "NotFound"
    assert nothing.message(Recording(), "monitoring", 5, 20) == (
        "Deployment monitoring/nothing is not rolled out after 5 s\nNotFound: it does not exist"
    )


def test_a_workload_may_appear_late():
    cluster, fine = Recording(fine=[(3, "fine")]), Rollout("DaemonSet", "fine")
    assert run(cluster, fine) == 3
    assert fine.result()["seconds"] == 3.0


def test_the_timeout_ends_the_wait():
    cluster, unready = Recording(unready=[(0, "unready")]), Rollout("Deployment", "unready")
    assert run(cluster, unready, timeout=10.2) == pytest.approx(10.2)
    assert unready.result()["reason"] == "NotReady"


def test_one_look_in_check_mode():
    cluster, unready = Recording(unready=[(0, "unready")]), Rollout("Deployment", "unready")
    assert run(cluster, unready, once=True) == 0


def test_the_message_names_pod_container_reason_warnings_and_log():
    cluster, crash = Recording(crash=[(0, "crash")]), Rollout("Deployment", "crash")
    run(cluster, crash, timeout=1)
    message = crash.message(cluster, "rollout-trial", 40.4, 20)
    pod = cluster.pods("app=crash")[0]["metadata"]["name"]
    first, second, *rest = message.splitlines()
    assert first == (
        "Deployment rollout-trial/crash is not rolled out after 40 s (0 of 1 pods available, 1 of the present template)"
    )
    assert second.startswith(f"pod {pod}, container main: CrashLoopBackOff: it ended ")
    assert rest[0] == "Last warnings:"
    assert rest[1].startswith("  BackOff: Back-off restarting failed container main")
    assert rest[-3:] == ["Last lines of container main:", "  starting", "  db password=*** refused"]
    # The run that crashed is the one before.
    assert cluster.logs_asked == [("main", True, 20)]


def test_no_log_is_read_when_no_lines_are_wanted():
    cluster, crash = Recording(crash=[(0, "crash")]), Rollout("Deployment", "crash")
    run(cluster, crash, timeout=1)
    assert "Last lines" not in crash.message(cluster, "rollout-trial", 1, 0)
    assert cluster.logs_asked == []
