# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module as a process of its own, with a minikube that only writes down what it is asked for."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.modules import minikube_cluster

# A start writes its record first, as minikube does, and is through when the file "go" is there.
MINIKUBE = """#!/bin/sh
folder=$MINIKUBE_HOME/.minikube/profiles/one
case $1 in
status)
    state=$(cat "$MINIKUBE_HOME/state")
    echo "{\\"Host\\": \\"$state\\", \\"Kubelet\\": \\"$state\\", \\"APIServer\\": \\"$state\\", \\"Kubeconfig\\": \\"Configured\\"}" ;;
delete)
    echo delete >>"$MINIKUBE_HOME/asked"
    rm -rf "$folder" ;;
start)
    echo start >>"$MINIKUBE_HOME/asked"
    mkdir -p "$folder"
    echo '{"Driver": "docker"}' >"$folder/config.json"
    echo Stopped >"$MINIKUBE_HOME/state"
    until [ -f "$MINIKUBE_HOME/go" ] || [ ! -d "$MINIKUBE_HOME" ]; do sleep 0.05; done
    echo Running >"$MINIKUBE_HOME/state" ;;
esac
"""


class Home:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        program = folder / "minikube"
        program.write_text(MINIKUBE, encoding="utf-8")
        program.chmod(0o755)
        self.options = {"profile": "one", "binary": str(program), "home": str(folder)}
        (folder / "engine").mkdir()
        self.engine_has("")

    def begin(self, **options) -> subprocess.Popen:
        module = subprocess.Popen(
            [sys.executable, minikube_cluster.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env=os.environ
            | {
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                "PATH": f"{self.folder / 'engine'}:{os.environ['PATH']}",
            },
        )
        module.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": self.options | options}))
        module.stdin.close()
        return module

    def engine_has(self, container: str) -> None:
        """A Docker that answers, here and where none runs, with a container of this name or none, and no volume."""
        program = self.folder / "engine" / "docker"
        program.write_text(f'#!/bin/sh\n[ "$1" != ps ] || echo {container}\n', encoding="utf-8")
        program.chmod(0o755)

    def begin_to_start(self) -> subprocess.Popen:
        module = self.begin()
        end = time.monotonic() + 30
        while self.asked()[-1:] != ["start"] and time.monotonic() < end:
            time.sleep(0.05)
        assert self.asked()[-1:] == ["start"]
        return module

    def go(self) -> None:
        (self.folder / "go").touch()

    def asked(self) -> list[str]:
        asked = self.folder / "asked"
        return asked.read_text(encoding="utf-8").split() if asked.exists() else []


def answer(module: subprocess.Popen) -> dict:
    return json.loads(module.stdout.read())


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def test_a_first_start_that_was_killed_is_made_anew(home):
    module = home.begin_to_start()
    os.killpg(module.pid, signal.SIGKILL)
    module.wait()
    home.go()
    assert answer(home.begin())["steps"] == ["delete", "start"]
    assert answer(home.begin())["steps"] == []


def test_a_cluster_that_was_made_and_is_stopped_is_only_started(home):
    home.go()
    assert answer(home.begin())["steps"] == ["start"]
    (home.folder / "state").write_text("Stopped", encoding="utf-8")
    assert answer(home.begin())["steps"] == ["start"]
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
    # Nobody noted that it ended well, but it runs.
    assert answer(following)["steps"] == []


def test_removal_leaves_no_lock(home):
    home.go()
    answer(home.begin())
    assert answer(home.begin(state="absent"))["steps"] == ["delete"]
    assert list((home.folder / ".minikube").glob("*.lock")) == []
    assert answer(home.begin(state="absent"))["changed"] is False


def test_a_container_without_a_profile_is_removed_where_it_was_made(home):
    home.go()
    answer(home.begin(driver="docker"))
    shutil.rmtree(home.folder / ".minikube" / "profiles")
    home.engine_has("one")
    assert answer(home.begin(driver="docker"))["steps"] == ["delete", "start"]


def test_a_container_of_another_folder_is_refused(home):
    home.go()
    home.engine_has("one")
    refused = answer(home.begin(driver="docker"))
    assert "its container one" in refused["msg"] and "recreate=true" in refused["msg"]
    assert home.asked() == []
    assert answer(home.begin(driver="docker", recreate=True))["steps"] == ["delete", "start"]
