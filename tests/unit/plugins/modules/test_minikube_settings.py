# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""minikube_cluster: settings that are added, withdrawn, or were interrupted."""

from __future__ import annotations

import os
import signal
import time

import pytest

AUTOMATIC = '{"Component": "kubelet", "Key": "localStorageCapacityIsolation", "Value": "false"}'


def test_settings_that_minikube_adds_are_neither_drift_nor_dropped(home):
    home.go()
    home.put("automatic", AUTOMATIC)
    wanted = ["apiserver.audit-log-path=-"]
    home.run(driver="docker", extra_config=wanted)
    assert home.run(driver="docker", extra_config=wanted)["steps"] == []
    said = home.run(driver="docker", extra_config=[*wanted, "kubelet.max-pods=200"])
    assert said["steps"] == ["stop", "start"]
    assert "kubelet.localStorageCapacityIsolation=false" in said["cluster"]["extra_config"]
    assert home.run(driver="docker", extra_config=[*wanted, "kubelet.max-pods=200"])["steps"] == []


@pytest.mark.parametrize("automatic", [AUTOMATIC, ""])
@pytest.mark.parametrize("known", [True, False], ids=["recorded", "from before the record"])
def test_a_setting_that_is_withdrawn_is_undone_once(home, automatic, known):
    home.go()
    home.put("automatic", automatic)
    home.run(driver="docker", extra_config=["kubelet.max-pods=200"])
    if not known:
        (home.folder / ".minikube/one.record.json").unlink()
    said = home.run(driver="docker", extra_config=[])
    assert said["steps"] == ["stop", "start"]
    assert "kubelet.max-pods=200" not in said["cluster"]["extra_config"]
    assert ("kubelet.localStorageCapacityIsolation=false" in said["cluster"]["extra_config"]) is bool(automatic)
    assert home.run(driver="docker", extra_config=[])["steps"] == []


def test_a_change_that_was_killed_does_not_forget_its_settings(home):
    home.go()
    home.run(driver="docker")
    (home.folder / "go").unlink()
    module = home.begin(driver="docker", extra_config=["kubelet.max-pods=200"])
    while home.asked()[-1] != "start" or len(home.asked()) < 3:
        time.sleep(0.05)
    os.killpg(module.pid, signal.SIGKILL)
    module.wait()
    home.go()
    said = home.run(driver="docker", extra_config=[])
    assert said["steps"] == ["stop", "start"] and "kubelet.max-pods=200" not in said["cluster"]["extra_config"]
