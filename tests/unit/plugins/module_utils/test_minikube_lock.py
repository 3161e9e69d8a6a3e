# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import subprocess

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import minikube_lock
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube import MinikubeError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube_lock import ProfileLock


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch):
    monkeypatch.setattr(minikube_lock, "_EVERY_SECONDS", 0.01)


def test_one_at_a_time_per_profile(tmp_path):
    home = str(tmp_path)
    said = r"after 0 seconds of waiting.*process %d \(.*run again" % os.getpid()
    with ProfileLock(home, "one"), ProfileLock(home, "other"), pytest.raises(MinikubeError, match=said):
        ProfileLock(home, "one", wait=0).__enter__()
    with ProfileLock(home, "one", wait=0):
        pass


def test_a_program_that_outlives_its_module_holds_it(tmp_path):
    lock = ProfileLock(str(tmp_path), "one")
    with lock:
        left = subprocess.Popen(["sleep", "60"], pass_fds=lock.descriptors())
    with pytest.raises(MinikubeError, match=r"process %d \(sleep 60\)" % left.pid):
        ProfileLock(str(tmp_path), "one", wait=0.05).__enter__()
    left.kill()
    left.wait()
    with ProfileLock(str(tmp_path), "one", wait=0):
        pass


def test_it_is_waited_for(tmp_path):
    lock = ProfileLock(str(tmp_path), "one")
    with lock:
        left = subprocess.Popen(["sleep", "0.3"], pass_fds=lock.descriptors())
    with ProfileLock(str(tmp_path), "one", wait=20):
        assert left.wait() == 0


def test_a_file_that_was_removed_is_no_lock(tmp_path):
    lock = ProfileLock(str(tmp_path), "one")
    with lock:
        # One that waits opens the file before it is removed, and gets the lock of a file that nobody else finds.
        waiting = os.open(lock.path, os.O_RDWR)
        lock.remove()
        with ProfileLock(str(tmp_path), "one", wait=0) as following:
            assert os.path.samestat(os.fstat(following.descriptor), os.stat(lock.path))
    os.close(waiting)
    assert lock.descriptors() == []


def test_what_was_done_last_is_remembered(tmp_path):
    lock = ProfileLock(str(tmp_path), "one")
    assert lock.noted() == ""
    with lock:
        assert lock.noted() == ""
        lock.note(minikube_lock.MADE)
        lock.note(minikube_lock.BEGUN)
    with ProfileLock(str(tmp_path), "one") as following:
        assert following.noted() == minikube_lock.BEGUN
        following.note(minikube_lock.MADE)
    assert lock.noted() == minikube_lock.MADE
