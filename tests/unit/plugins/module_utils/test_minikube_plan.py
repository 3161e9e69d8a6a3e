# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube import MinikubeError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube_nodes import Node
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube_plan import Allowed, Seen, plan
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube_record import Record
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube_settings import (
    drift,
    merged,
    to_start,
)

SETTINGS = {
    "driver": "docker",
    "container_runtime": "containerd",
    "kubernetes_version": "v1.34.4",
    "cni": "bridge",
    "cpus": 2,
    "memory": 6144,
    "base_image": "runtime-security.invalid/lab/node:1",
    "extra_config": ["apiserver.audit-log-path=-"],
}
NOTHING = Allowed()
ALL = Allowed(recreate=True, restart=True)


def node(state):
    return (Node("p", state, "p is %s" % state),)


@pytest.fixture
def record(tmp_path):
    (tmp_path / ".minikube").mkdir()
    return Record(str(tmp_path), "p")


def steps(state, allowed=NOTHING, record=None, current=..., wanted=None, **seen):
    current, wanted = SETTINGS if current is ... else current, SETTINGS if wanted is None else wanted
    differing = drift(current, wanted, record, True) if current and record else []
    return plan("p", Seen(state, **seen), current, wanted, differing, allowed)


@pytest.mark.parametrize(
    ("state", "seen", "expected"),
    [
        ("missing", {}, ["start"]),
        ("gone", {}, ["delete", "start"]),
        ("gone", {"kept": True}, ["start"]),
        ("stopped", {}, ["start"]),
        ("stopped", {"begun": True}, ["start"]),
        ("stopped", {"begun": True, "empty": True}, ["delete", "start"]),
        ("degraded", {"begun": True}, ["stop", "start"]),
        ("degraded", {"begun": True, "empty": True}, ["delete", "start"]),
        ("unknown", {"begun": True, "empty": True}, ["delete", "start"]),
        ("running", {"begun": True}, ["stop", "start"]),
        ("unlinked", {}, ["link"]),
        ("unasked", {}, []),
        ("running", {}, []),
    ],
)
def test_the_state_decides_the_steps(state, seen, expected):
    assert steps(state, **seen) == expected


@pytest.mark.parametrize("state", ["unknown", "degraded"])
@pytest.mark.parametrize("found", ["absent", "unknown", "running", "stopped"])
@pytest.mark.parametrize("begun", [False, True])
def test_what_cannot_be_told_ends_with_the_words_and_the_remedy(state, found, begun):
    if begun and state == "degraded":
        return
    with pytest.raises(
        MinikubeError, match=r"oh no; the engine: p is %s.*Nothing was changed.*minikube_restart=true" % found
    ):
        steps(state, words="oh no", nodes=node(found), begun=begun)


@pytest.mark.parametrize("state", ["unknown", "degraded"])
@pytest.mark.parametrize("found", ["absent", "unknown"])
def test_not_even_what_is_allowed_is_done_to_a_node_that_the_engine_cannot_tell(state, found):
    with pytest.raises(MinikubeError, match="Nothing was changed"):
        steps(state, ALL, nodes=node(found))


def test_a_restart_that_is_allowed_is_no_new_cluster():
    assert steps("unknown", ALL, nodes=node("running")) == ["stop", "start"]


@pytest.mark.parametrize("found", ["absent", "unknown", "running", "stopped"])
def test_a_record_that_cannot_be_understood_is_no_reason(found):
    with pytest.raises(MinikubeError, match="cannot be understood.*Nothing was changed"):
        steps("unreadable", Allowed(restart=True), nodes=node(found), current={})


def test_a_cluster_that_minikube_cannot_ask_is_not_changed(record):
    with pytest.raises(MinikubeError, match="minikube_restart=true"):
        steps(
            "unasked", record=record, wanted=dict(SETTINGS, extra_config=["kubelet.max-pods=9"]), nodes=node("running")
        )


@pytest.mark.parametrize(
    ("name", "value"), [("driver", "kvm2"), ("cni", "calico"), ("memory", 4096), ("kubernetes_version", "v1.33.9")]
)
@pytest.mark.parametrize("state", ["running", "unlinked", "unasked", "degraded", "unknown", "stopped"])
def test_what_minikube_cannot_change_is_refused_unless_allowed(record, state, name, value):
    wanted = dict(SETTINGS, **{name: value})
    with pytest.raises(MinikubeError, match="minikube_%s is '.*', declared is '%s'" % (name, value)):
        steps(state, record=record, wanted=wanted, nodes=node("running"))
    assert steps(state, ALL, record=record, wanted=wanted, nodes=node("running")) == ["delete", "start"]


def test_a_new_cluster_that_is_allowed_waits_for_an_engine_that_knows_the_old_one(record):
    with pytest.raises(MinikubeError, match="Nothing was changed"):
        steps("unknown", ALL, record=record, wanted=dict(SETTINGS, cni="calico"), nodes=node("unknown"))


@pytest.mark.parametrize(
    ("name", "value"), [("extra_config", ["kubelet.max-pods=9"]), ("kubernetes_version", "v1.34.5")]
)
def test_other_settings_are_changed_in_place(record, name, value):
    assert steps("running", record=record, wanted=dict(SETTINGS, **{name: value})) == ["stop", "start"]
    assert steps("stopped", record=record, wanted=dict(SETTINGS, **{name: value})) == ["start"]


def test_settings_that_are_not_asked_for_do_not_count(record):
    assert drift(SETTINGS, {"driver": "docker", "cni": None}, record, True) == []


def test_a_driver_without_limits_has_no_drift_of_them(record):
    current = dict(SETTINGS, driver="none")
    assert drift(current, dict(current, cpus=4, memory=9000), record, True) == []


@pytest.mark.parametrize("kept", ["mirror.example:5000/lab/node", "mirror.example:5000/lab/node:1"])
def test_the_tag_minikube_forgets_after_a_port_is_no_drift(record, kept):
    wanted = dict(SETTINGS, base_image="mirror.example:5000/lab/node:1")
    assert drift(dict(SETTINGS, base_image=kept), wanted, record, True) == []
    assert drift(dict(SETTINGS, base_image=kept.replace("node", "other")), wanted, record, True) == ["base_image"]


def test_the_digest_minikube_adds_to_a_base_image_is_no_drift(record):
    current = dict(SETTINGS, base_image=SETTINGS["base_image"] + "@sha256:0123")
    assert drift(current, SETTINGS, record, True) == []


ADDED = [
    "kubelet.housekeeping-interval=5m",
    "kubelet.localStorageCapacityIsolation=false",
    "kubelet.resolv-conf=/run/x",
]


@pytest.mark.parametrize("made_here", [True, False])
@pytest.mark.parametrize("known", [True, False])
def test_what_minikube_adds_is_not_drift(record, known, made_here):
    if known:
        record.end({"apiserver.audit-log-path": "-"}, {})
    current = dict(SETTINGS, extra_config=sorted(SETTINGS["extra_config"] + ADDED))
    assert drift(current, SETTINGS, record, made_here) == []


def test_what_a_user_added_is_kept_and_what_is_withdrawn_goes(record):
    ours = {"apiserver.audit-log-path": "-", "kubelet.v": "4"}
    record.end(ours, {})
    current = ["apiserver.audit-log-path=-", "kubelet.max-pods=9", "kubelet.v=4"]
    assert merged(current, ["kubelet.v=4"], ours) == ["kubelet.max-pods=9", "kubelet.v=4"]
    assert drift({"extra_config": current}, {"extra_config": ["kubelet.v=4"]}, record, True) == ["extra_config"]
    assert drift({"extra_config": ["kubelet.max-pods=9"]}, {"extra_config": []}, record, True) == []
    # Somebody gave it another value since: it is not what was set here.
    assert merged(["kubelet.v=5"], [], ours) == ["kubelet.v=5"]


def test_an_empty_list_is_said_to_minikube_with_what_it_sets_itself():
    assert to_start(["kubelet.v=4"], [], {"kubelet.v": "4"}) == ["scheduler.leader-elect=false"]
    assert to_start([], [], {}) == []


def test_a_profile_of_somebody_else_loses_nothing(record):
    current = dict(SETTINGS, extra_config=["kubelet.max-pods=9"])
    assert drift(current, dict(SETTINGS, extra_config=[]), record, made_here=False) == []


def test_a_record_that_is_killed_between_two_writes_forgets_nothing(record, tmp_path):
    record.end({"kubelet.v": "4"}, {})
    record.begin({"kubelet.max-pods": "9"}, {"etc/a": "x"}, "ID")
    again = Record(str(tmp_path), "p")
    assert again.extra_config == {"kubelet.v": "4", "kubelet.max-pods": "9"}
    assert again.engine == "ID" and set(again.files) == {"etc/a"}
    (tmp_path / ".minikube/p.record.json").write_text('{"extra', encoding="utf-8")
    assert not Record(str(tmp_path), "p").known
