from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import rollout

FIXTURES = Path(__file__).parent / "fixtures" / "rollout"


def recorded(name):
    """Objects of a workload as a cluster (v1.34.4) returned them."""
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


def troubles_of(case):
    pods = rollout.current_pods(case["workload"], case["pods"], case["replica_sets"])
    return rollout.troubles(case["workload"], pods, case["events"])


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("never-pull", {"ErrImageNeverPull"}),
        ("no-image", {"ErrImagePull", "ImagePullBackOff"}),
        ("no-secret", {"CreateContainerConfigError"}),
        ("crash", {"CrashLoopBackOff"}),
        ("too-big", {"Unschedulable"}),
        ("refused", {"FailedCreate"}),
    ],
)
def test_a_recorded_trouble_is_named(name, reasons):
    case = recorded(name)
    assert not rollout.progress(case["workload"]).done
    assert troubles_of(case)[0].reason in reasons


@pytest.mark.parametrize("name", ["unready", "fine"])
def test_pods_that_run_are_no_trouble(name):
    assert troubles_of(recorded(name)) == []


def test_a_recorded_rollout_is_done():
    assert rollout.progress(recorded("fine")["workload"]) == (True, 1, 1, 1)


def test_a_crash_says_how_it_ended():
    (crash,) = troubles_of(recorded("crash"))
    assert crash.message == f"it ended {crash.restarts + 1} times, the last time with exit code 3"


def deployment(**status):
    return {"kind": "Deployment", "metadata": {"generation": 2}, "spec": {"replicas": 2}, "status": status}


@pytest.mark.parametrize(
    ("status", "done"),
    [
        ({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}, True),
        ({"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}, False),
        ({"observedGeneration": 2, "replicas": 3, "updatedReplicas": 2, "availableReplicas": 2}, False),
        ({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 1, "availableReplicas": 2}, False),
        ({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 1}, False),
        ({}, False),
    ],
)
def test_a_deployment_is_done_when_all_pods_are_new_and_available(status, done):
    assert rollout.progress(deployment(**status)).done is done


def test_a_workload_scaled_to_zero_is_done():
    workload = deployment(observedGeneration=2)
    workload["spec"]["replicas"] = 0
    assert rollout.progress(workload).done


def test_pods_of_an_old_template_do_not_count():
    case = recorded("crash")
    case["workload"]["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "2"
    assert troubles_of(case) == []


def test_pods_that_are_being_deleted_do_not_count():
    case = recorded("crash")
    case["pods"][0]["metadata"]["deletionTimestamp"] = "2026-11-23T18:00:00Z"
    assert troubles_of(case) == []


@pytest.mark.parametrize(
    ("name", "label"), [("no-secret", "controller-revision-hash"), ("fine", "pod-template-generation")]
)
def test_pods_of_an_old_revision_do_not_count(name, label):
    case = recorded(name)
    assert len(rollout.current_pods(case["workload"], case["pods"], [])) == 1
    case["pods"][0]["metadata"]["labels"][label] = "old"
    assert rollout.current_pods(case["workload"], case["pods"], []) == []


def test_a_quota_that_refuses_pods_of_a_deployment_is_a_condition():
    workload = recorded("crash")["workload"]
    workload["status"]["conditions"] = [
        {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: small"}
    ]
    assert rollout.troubles(workload, [], []) == [rollout.Trouble("FailedCreate", "exceeded quota: small")]


def test_the_selector_becomes_a_query_parameter():
    terms = [
        {"key": "tier", "operator": "In", "values": ["a", "b"]},
        {"key": "canary", "operator": "DoesNotExist"},
    ]
    workload = {"spec": {"selector": {"matchLabels": {"b": "2", "a": "1"}, "matchExpressions": terms}}}
    assert rollout.selector(workload) == "a=1,b=2,tier in (a,b),!canary"


def trouble(reason, restarts=0):
    return rollout.Trouble(reason, "", "pod", "main", restarts)


def hopeless_at(*looks):
    """Feed (seconds, troubles) one after the other; the seconds of the first look that gives up."""
    history = rollout.TroubleHistory()
    for now, found in looks:
        if history.hopeless(now, found):
            return now
    return None


@pytest.mark.parametrize(
    ("looks", "given_up"),
    [
        # A second sight rules out a race.
        ([(0, ["ErrImageNeverPull"]), (1, ["ErrImageNeverPull"])], 1),
        ([(0, ["InvalidImageName"]), (1, [])], None),
        # One failed pull may be the network; the second is not.
        ([(0, ["ErrImagePull"]), (1, ["ErrImagePull"]), (2, ["ImagePullBackOff"])], None),
        ([(0, ["ErrImagePull"]), (9, ["ImagePullBackOff"]), (20, ["ErrImagePull"])], 20),
        # Between two sights of a failed pull a good one starts the count again.
        ([(0, ["ErrImagePull"]), (9, []), (20, ["ErrImagePull"])], None),
        ([(0, ["ImagePullBackOff"]), (29, ["ImagePullBackOff"])], None),
        ([(0, ["ImagePullBackOff"]), (30, ["ImagePullBackOff"])], 30),
        # The Secret may be on its way.
        ([(0, ["CreateContainerConfigError"]), (4, ["CreateContainerConfigError"])], None),
        ([(0, ["CreateContainerConfigError"]), (5, ["CreateContainerConfigError"])], 5),
        # A node may be about to join.
        ([(0, ["Unschedulable"]), (20, []), (40, ["Unschedulable"])], None),
        ([(0, ["Unschedulable"]), (30, ["Unschedulable"])], 30),
        ([(0, ["FailedCreate"]), (10, ["FailedCreate"])], 10),
        ([(0, []), (9, ["ProgressDeadlineExceeded"])], 9),
        # What dates from before may have been repaired meanwhile.
        ([(0, ["ProgressDeadlineExceeded"]), (60, ["ProgressDeadlineExceeded"])], None),
        ([(0, ["ProgressDeadlineExceeded"]), (9, []), (609, ["ProgressDeadlineExceeded"])], 609),
        # A reason nobody knows is left to the timeout.
        ([(0, ["Odd"]), (100, ["Odd"])], None),
    ],
)
def test_waiting_ends_where_it_cannot_help(looks, given_up):
    assert hopeless_at(*((now, [trouble(reason) for reason in reasons]) for now, reasons in looks)) == given_up


def test_a_crash_loop_is_given_up_at_the_third_restart_that_is_seen():
    looks = [(now, [trouble("CrashLoopBackOff", now)]) for now in range(1, 6)]
    assert hopeless_at(*looks) == 3


def test_a_crash_loop_from_before_gets_one_more_start():
    assert hopeless_at(*((now, [trouble("CrashLoopBackOff", 7)]) for now in range(60))) is None
    assert hopeless_at((0, [trouble("CrashLoopBackOff", 7)]), (60, [trouble("CrashLoopBackOff", 8)])) == 60


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("db password=hunter2 refused", "db password=*** refused"),
        ('{"token": "abc def", "user": "x"}', '{"token": ***, "user": "x"}'),
        ("Authorization: Bearer abc.def", "Authorization: ***"),
        ("API_KEY='k'", "API_KEY=***"),
        ('secret "missing" not found', 'secret "missing" not found'),
    ],
)
def test_what_looks_like_a_credential_is_left_out(line, masked):
    assert rollout.mask(line) == masked


def test_warnings_are_the_last_ones_of_the_object():
    events = [
        {
            "type": "Warning",
            "reason": str(n),
            "lastTimestamp": f"2026-11-23T18:00:0{n}Z",
            "involvedObject": {"kind": "Pod", "name": "a"},
        }
        for n in (3, 1, 2)
    ]
    other = copy.deepcopy(events[0]) | {"involvedObject": {"kind": "Pod", "name": "b"}}
    normal = copy.deepcopy(events[0]) | {"type": "Normal"}
    assert [e["reason"] for e in rollout.warnings_about([*events, other, normal], "Pod", "a", 2)] == ["2", "3"]
