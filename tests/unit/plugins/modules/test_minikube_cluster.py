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

# A start writes its record first, as minikube does, says that it was asked, and is through when the file "go" is there.
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
    mkdir -p "$folder"
    mount=$(echo "$*" | sed -n 's/.*--mount-string=\\([^ ]*\\).*/"\\1"/p')
    [ -f "$folder/config.json" ] || echo "{\\"Driver\\": \\"docker\\", \\"ContainerVolumeMounts\\": [$mount]}" >"$folder/config.json"
    echo Stopped >"$MINIKUBE_HOME/state"
    echo start >>"$MINIKUBE_HOME/asked"
    echo "$*" >>"$MINIKUBE_HOME/arguments"
    until [ -f "$MINIKUBE_HOME/go" ] || [ ! -d "$MINIKUBE_HOME" ]; do sleep 0.05; done
    echo Running >"$MINIKUBE_HOME/state" ;;
esac
"""


FILES = {"etc/policy.yaml": "rules: []\n"}


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

    def started_with(self) -> str:
        return (self.folder / "arguments").read_text(encoding="utf-8").splitlines()[-1]

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
    # Nobody saw it end, but it runs.
    assert answer(following)["steps"] == ["stop", "start"]
    (home.folder / "state").write_text("Stopped", encoding="utf-8")
    # Whoever was told that the cluster is there keeps it.
    assert answer(home.begin())["steps"] == ["start"]


def test_a_dry_run_announces_that_a_first_start_is_ended(home):
    module = home.begin_to_start()
    os.killpg(module.pid, signal.SIGKILL)
    module.wait()
    (home.folder / "state").write_text("Running", encoding="utf-8")
    home.go()
    for mode in (True, False):
        said = answer(home.begin(_ansible_check_mode=mode))
        assert (said["state"], said["steps"]) == ("begun", ["stop", "start"])
    assert answer(home.begin())["changed"] is False
    assert home.asked() == ["start", "start"]


def test_removal_takes_the_folder_that_was_made_along(home):
    home.go()
    answer(home.begin())
    assert answer(home.begin(state="absent", _ansible_check_mode=True))["steps"] == ["delete", "clean"]
    assert answer(home.begin(state="absent"))["steps"] == ["delete", "clean"]
    assert not (home.folder / ".minikube").exists()
    assert answer(home.begin(state="absent"))["changed"] is False


@pytest.mark.parametrize("kept", ["profiles/other/config.json", "somebody's"])
def test_removal_leaves_the_folder_of_others(home, kept):
    state = home.folder / ".minikube"
    if kept == "somebody's":
        state.mkdir()
        (state / kept).touch()
    home.go()
    answer(home.begin(files=FILES))
    (state / kept).parent.mkdir(exist_ok=True)
    (state / kept).touch()
    assert answer(home.begin(state="absent", files=FILES))["steps"] == ["delete", "clean"]
    assert (state / kept).exists()
    assert not (state / "files/etc/policy.yaml").exists()
    assert list(state.glob("*.lock")) == []
    assert answer(home.begin(state="absent", files=FILES))["changed"] is False


def test_a_removal_that_was_cut_off_is_ended(home):
    home.go()
    answer(home.begin())
    shutil.rmtree(home.folder / ".minikube" / "profiles" / "one")
    assert answer(home.begin(state="absent"))["changed"] is True
    assert not (home.folder / ".minikube").exists()


def test_files_of_the_node_are_there_before_a_start(home):
    home.go()
    made = answer(home.begin(files=FILES))
    file = home.folder / ".minikube/files/etc/policy.yaml"
    assert file.read_text(encoding="utf-8") == FILES["etc/policy.yaml"]
    assert made["diff"]["after"]["files"] == FILES
    assert "files" not in made["cluster"]
    assert answer(home.begin(files=FILES))["steps"] == []
    # The node has what it was started with.
    other = {"etc/policy.yaml": "other"}
    assert answer(home.begin(files=other))["steps"] == ["stop", "start"]
    assert file.read_text(encoding="utf-8") == "other"


def test_a_cache_that_is_given_is_linked(home, tmp_path):
    home.go()
    cache = tmp_path / "given"
    refused = answer(home.begin(cache=str(cache)))
    assert "minikube_cache has no folder" in refused["msg"]
    for name in ("images", "linux"):
        (cache / name).mkdir(parents=True)
    answer(home.begin(cache=str(cache)))
    assert (home.folder / ".minikube/cache/images").readlink() == cache / "images"


def test_a_cache_of_minikube_itself_stays(home, tmp_path):
    home.go()
    own = home.folder / ".minikube/cache/images"
    own.mkdir(parents=True)
    (tmp_path / "given/images").mkdir(parents=True)
    assert "Remove it, or leave minikube_cache away" in answer(home.begin(cache=str(tmp_path / "given")))["msg"]
    assert own.is_dir() and not own.is_symlink()
    assert home.asked() == []


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
    assert "its container one" in refused["msg"] and "minikube_recreate=true" in refused["msg"]
    assert home.asked() == []
    assert answer(home.begin(driver="docker", recreate=True))["steps"] == ["delete", "start"]


def test_a_cache_that_is_none_is_refused_before_the_cluster_goes(home, tmp_path):
    home.go()
    answer(home.begin(driver="docker"))
    refused = answer(home.begin(driver="docker", cni="calico", recreate=True, cache=str(tmp_path / "nowhere")))
    assert "minikube_cache has no folder" in refused["msg"]
    assert home.asked() == ["start"]


def test_a_node_that_is_a_container_gets_the_machines_proc_when_it_is_created(home):
    home.go()
    made = answer(home.begin(driver="docker", host_proc=True))
    assert "--mount-string=/proc:/procHost:ro" in home.started_with()
    assert made["cluster"]["mounts"] == ["/proc:/procHost:ro"]
    (home.folder / "state").write_text("Stopped", encoding="utf-8")
    again = answer(home.begin(driver="docker", host_proc=True))
    # minikube refuses a mount for a container that exists.
    assert again["steps"] == ["start"] and "--mount-string" not in home.started_with()
    assert "warnings" not in again


@pytest.mark.parametrize("own", [[], ["--mount-string=/srv:/srv"]], ids=["made before", "with a mount of its own"])
def test_a_profile_without_the_machines_proc_is_reported_and_kept(home, own):
    home.go()
    answer(home.begin(driver="docker", start_options=own, host_proc=bool(own)))
    said = answer(home.begin(driver="docker", host_proc=True, recreate=True))
    assert said["steps"] == [] and home.asked() == ["start"]
    assert "without the machine's /proc at /procHost" in str(said["warnings"])
    assert "warnings" not in answer(home.begin(driver="docker", host_proc=False))
