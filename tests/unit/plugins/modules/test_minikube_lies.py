# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""minikube_cluster: what minikube and the engine say wrongly destroys nothing."""

from __future__ import annotations

import os
import shutil
import signal
import time

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import (
    minikube_commands,
    minikube_nodes,
)
from minikube_double import answer

LIES = ["hang", "null", "nothing", "empty", "garbage", "fail", "half", "nonzero", "unprofiled"]
ENGINE_LIES = ["", "hang", "null", "nothing", "garbage", "fail", "unlisted", "elsewhere"]


@pytest.fixture
def made(home):
    home.go()
    home.run(driver="docker")
    assert home.asked() == ["start"]
    return home


@pytest.fixture
def impatient(made, monkeypatch):
    """Asks for a second, and for a second at most."""
    for name in ("ASK_SECONDS", "STATUS_SECONDS"):
        monkeypatch.setattr(minikube_commands, name, 1)
    monkeypatch.setattr(minikube_nodes, "PROMPT_SECONDS", 1)
    return made


@pytest.mark.parametrize(
    ("lie", "engine"),
    [*((lie, "") for lie in LIES), *(("null", lie) for lie in ENGINE_LIES[1:]), ("garbage", "elsewhere")],
)
def test_nothing_is_destroyed_on_a_lie(impatient, lie, engine):
    impatient.put("lie", lie)
    impatient.put("engine/lie", engine)
    said = impatient.run(driver="docker")
    assert impatient.asked() == ["start"]
    assert "Nothing was changed" in said["msg"] and "minikube status" in said["msg"]
    assert "minikube_restart=true" in said["msg"]


# Where minikube is sure of the node, only an engine that does not answer it in time prevents a step that was asked for.
LATE = ["hang", "fail"]
STEPS = {
    "first start": ({}, [*LATE, "null", "nothing", "garbage", "unlisted"]),
    "restart": ({"restart": True}, [*LATE, "null", "nothing", "garbage", "unlisted", "elsewhere"]),
    "reconfigure": ({"extra_config": ["kubelet.max-pods=200"]}, LATE),
    "recreate": ({"cni": "calico", "recreate": True}, LATE),
    "remove": ({"state": "absent"}, LATE),
}


@pytest.mark.parametrize(("step", "engine"), [(step, lie) for step, (_options, lies) in STEPS.items() for lie in lies])
def test_no_step_is_taken_with_an_engine_that_lies(impatient, step, engine):
    """minikube itself would believe the lie: it replaces a node that it cannot ask."""
    impatient.put("engine/lie", engine)
    if step == "first start":
        shutil.rmtree(impatient.folder / ".minikube")
    if step == "restart":
        impatient.put("lie", "null")
    said = impatient.run(driver="docker", **STEPS[step][0])
    assert "Nothing was changed" in said["msg"]
    assert impatient.asked() == ["start"]


@pytest.mark.parametrize("part", ["kubelet", "slow"])
def test_what_passes_by_itself_is_waited_for(made, part):
    made.put("part", "Stopped") if part == "kubelet" else made.put("lie", "null")
    (made.folder / "statuses").unlink(missing_ok=True)
    module = made.begin(driver="docker", timeout=60)
    while made.count("statuses") < 2 and module.poll() is None:
        time.sleep(0.05)
    assert module.poll() is None
    (made.folder / ("part" if part == "kubelet" else "lie")).unlink()
    assert answer(module)["steps"] == [] and made.asked() == ["start"]


def test_a_node_that_is_not_healthy_is_restarted_only_where_that_is_allowed(made):
    made.put("part", "Stopped")
    refused = made.run(driver="docker")
    assert "kubelet Stopped" in refused["msg"] and "one is running" in refused["msg"]
    assert made.asked() == ["start"]
    assert made.run(driver="docker", restart=True)["steps"] == ["stop", "start"]


def test_a_container_that_is_gone_is_created_around_its_volume(made):
    made.put("lie", "null")
    made.put("engine/state", "absent")
    assert made.run(driver="docker", _ansible_check_mode=True)["steps"] == ["start"]
    (made.folder / "engine/volume").unlink()
    assert made.run(driver="docker", _ansible_check_mode=True)["steps"] == ["delete", "start"]


def test_a_first_start_that_was_killed_keeps_what_is_in_the_cluster(home):
    module = home.begin_to_start()
    os.killpg(module.pid, signal.SIGKILL)
    module.wait()
    home.go()
    (home.folder / "engine/held").touch()
    home.put("lie", "null")
    assert "Nothing was changed" in home.run(driver="docker")["msg"]
    (home.folder / "lie").unlink()
    assert home.run(driver="docker")["steps"] == ["stop", "start"]
