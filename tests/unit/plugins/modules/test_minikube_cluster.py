# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module as a process of its own, with a minikube that only writes down what it is asked for."""

from __future__ import annotations

import os
import shutil
import signal
import time

import pytest
from minikube_double import FILES, answer


def test_a_first_start_that_was_killed_is_made_again(home):
    module = home.begin_to_start()
    os.killpg(module.pid, signal.SIGKILL)
    module.wait()
    home.go()
    assert home.run()["steps"] == ["delete", "start"]
    assert home.run()["steps"] == []


def test_a_cluster_that_was_made_and_is_stopped_is_only_started(home):
    home.go()
    assert home.run()["steps"] == ["start"]
    home.engine_has("exited")
    assert home.run()["steps"] == ["start"]
    assert home.asked() == ["start", "start"]


def test_a_minikube_that_outlives_its_module_is_waited_for(home):
    module = home.begin_to_start()
    module.kill()
    module.wait()
    following = home.begin()
    time.sleep(1)
    assert following.poll() is None
    assert home.asked() == ["start"]
    home.go()
    # Nobody saw it end, but it runs.
    assert answer(following)["steps"] == ["stop", "start"]
    home.engine_has("exited")
    # Whoever was told that the cluster is there keeps it.
    assert home.run()["steps"] == ["start"]


def test_a_dry_run_announces_that_a_first_start_is_ended(home):
    module = home.begin_to_start()
    os.killpg(module.pid, signal.SIGKILL)
    module.wait()
    (home.folder / "part").unlink()
    (home.folder / "engine/held").touch()
    home.go()
    for mode in (True, False):
        said = home.run(_ansible_check_mode=mode)
        assert (said["state"], said["steps"]) == ("begun", ["stop", "start"])
    assert home.run()["changed"] is False
    assert home.asked() == ["start", "stop", "start"]


def test_removal_takes_the_folder_that_was_made_along(home):
    home.go()
    home.run()
    # minikube makes this one itself at a start.
    (home.folder / ".minikube" / "machine_client.lock").touch()
    assert home.run(state="absent", _ansible_check_mode=True)["steps"] == ["delete", "clean"]
    assert home.run(state="absent")["steps"] == ["delete", "clean"]
    assert not (home.folder / ".minikube").exists()
    assert home.run(state="absent")["changed"] is False


@pytest.mark.parametrize("kept", ["profiles/other/config.json", "somebody's"])
def test_removal_leaves_the_folder_of_others(home, kept):
    state = home.folder / ".minikube"
    if kept == "somebody's":
        state.mkdir()
        (state / kept).touch()
    home.go()
    home.run(files=FILES)
    (state / kept).parent.mkdir(exist_ok=True)
    (state / kept).touch()
    assert home.run(state="absent", files=FILES)["steps"] == ["delete", "clean"]
    assert (state / kept).exists()
    assert not (state / "files/etc/policy.yaml").exists()
    assert not (state / "one.lock").exists()
    assert home.run(state="absent", files=FILES)["changed"] is False


def test_a_removal_that_was_cut_off_is_ended(home):
    home.go()
    home.run()
    shutil.rmtree(home.folder / ".minikube" / "profiles" / "one")
    assert home.run(state="absent")["changed"] is True
    assert not (home.folder / ".minikube").exists()
