# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module as a process of its own, with a minikube that only writes down what it is asked for."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import (
    minikube_cluster,
    minikube_commands,
    minikube_nodes,
    minikube_observer,
    minikube_profile,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube import MinikubeError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube_profile import Profile
from ansible_collections.runtime_security.kubernetes.plugins.modules import minikube_cluster as module_file

# Both keep what they know in files of one folder. A start writes its record first, as minikube does, says that it was asked,
# and is through when the file "go" is there. What is in "lie" or "engine/lie" is answered instead of the truth.
MINIKUBE = r"""#!/bin/sh
cd "$MINIKUBE_HOME" || exit 1
folder=.minikube/profiles/one
case $1 in
status)
    echo status >>statuses
    case $(cat lie 2>/dev/null) in
    hang) exec sleep 600 ;;
    null) echo null; echo "E1128 status.go:258] status error: host: state: unknown state one" >&2; exit 7 ;;
    nothing) exit 7 ;;
    empty) echo "[]"; exit 0 ;;
    garbage) echo "panic: runtime error"; exit 2 ;;
    fail) echo '{"Name": "one", "Host": "Error"}'; exit 1 ;;
    half) echo '[{"Name": "one", "Host": "Running", "Kubelet": "Running", "APIServer": "Running", "Kubeconfig": "Configured"}, null]'; exit 7 ;;
    nonzero) code=3 ;;
    unprofiled) echo "* Profile one not found"; exit 85 ;;
    esac
    host=Stopped; [ "$(cat engine/state)" != running ] || host=Running
    part=$(cat part 2>/dev/null || echo "$host")
    echo "{\"Name\": \"one\", \"Host\": \"$host\", \"Kubelet\": \"$part\", \"APIServer\": \"$host\", \"Kubeconfig\": \"Configured\"}"
    [ "$part" = Running ] || code=2
    exit ${code:-0} ;;
delete)
    echo delete >>asked
    rm -rf "$folder" engine/volume engine/held
    echo absent >engine/state ;;
stop)
    echo stop >>asked
    echo exited >engine/state ;;
update-context)
    echo link >>asked ;;
start)
    mkdir -p "$folder"
    # minikube's own, which stays.
    touch .minikube/machine_client.lock
    mount=$(echo "$*" | sed -n 's/.*--mount-string=\([^ ]*\).*/"\1"/p')
    options=$(for word in "$@"; do echo "$word"; done |
        sed -n 's/--extra-config=\([a-z]*\)\.\([^=]*\)=\(.*\)/{"Component": "\1", "Key": "\2", "Value": "\3"},/p')
    if [ ! -f "$folder/config.json" ] || [ -n "$options" ]; then
        # What minikube adds by itself, to a new profile only.
        [ -f "$folder/config.json" ] || options="$options$(cat automatic 2>/dev/null)"
        echo "{\"Driver\": \"docker\", \"ContainerVolumeMounts\": [$mount], \"KubernetesConfig\": {\"ExtraOptions\": [${options%,}]}}" >"$folder/config.json"
    fi
    echo Stopped >part
    touch engine/volume
    echo running >engine/state
    echo start >>asked
    echo "$*" >>arguments
    until [ -f go ] || [ ! -d "$MINIKUBE_HOME" ]; do sleep 0.05; done
    touch engine/held
    rm -f part ;;
esac
"""
ENGINE = r"""#!/bin/sh
cd "$(dirname "$0")" || exit 1
case $(cat lie 2>/dev/null) in
hang) exec sleep 600 ;;
slow) sleep 3 ;;
null) echo null; exit 0 ;;
nothing) exit 0 ;;
garbage) echo "<html>502 Bad Gateway</html>"; exit 0 ;;
fail) echo "Cannot connect to the Docker daemon" >&2; exit 1 ;;
unlisted) [ "$1" = container ] || exit 0; echo "Error: No such container: one" >&2; exit 1 ;;
elsewhere)
    case "$1" in
    info) echo OTHER ;;
    container) echo "Error: No such container: one" >&2; exit 1 ;;
    volume) echo "Error: no such volume" >&2; exit 1 ;;
    esac
    exit 0 ;;
esac
state=$(cat state)
case "$1 $2" in
"container inspect")
    [ "$state" != absent ] || { echo "Error: No such container: one" >&2; exit 1; }
    case "$*" in *State*) echo "$state $(cat id)" ;; *) cat id ;; esac ;;
"ps --all") [ "$state" = absent ] || echo one ;;
"volume inspect") [ -f volume ] || { echo "Error: no such volume: one" >&2; exit 1; }; echo one ;;
"info --format") echo THIS ;;
"exec one") if [ -f held ]; then echo held; else echo empty; fi ;;
cp*) [ -f held ] || { echo "Could not find the file in container one" >&2; exit 1; } ;;
esac
"""
DEFAULTS = {
    "state": "present",
    "kubeconfig": None,
    "driver": None,
    "container_runtime": None,
    "kubernetes_version": None,
    "cni": None,
    "cpus": None,
    "memory": None,
    "base_image": None,
    "extra_config": [],
    "start_options": [],
    "cache": None,
    "files": {},
    "host_proc": False,
    "recreate": False,
    "restart": False,
}


FILES = {"etc/policy.yaml": "rules: []\n"}


class Home:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "engine").mkdir()
        for name, text in {"minikube": MINIKUBE, "engine/docker": ENGINE}.items():
            (folder / name).write_text(text, encoding="utf-8")
            (folder / name).chmod(0o755)
        self.options = {"profile": "one", "binary": str(folder / "minikube"), "home": str(folder), "timeout": 1}
        self.put("engine/id", "ab" * 32)
        self.engine_has("absent")

    def put(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def begin(self, **options) -> subprocess.Popen:
        """The module as a process of its own."""
        module = subprocess.Popen(
            [sys.executable, module_file.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env=os.environ
            | {
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                "PATH": f"{self.folder / 'engine'}:{os.environ['PATH']}",
                "KUBECONFIG": str(self.folder / "kubeconfig"),
            },
        )
        module.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": self.options | options}))
        module.stdin.close()
        return module

    def run(self, _ansible_check_mode=False, **options) -> dict:
        """What the module does, in this process."""
        warnings = []
        profile = Profile(DEFAULTS | self.options | options, _ansible_check_mode, self.find)
        try:
            with profile.lock if profile.to_be_locked() else contextlib.nullcontext():
                result = minikube_cluster.bring(profile, warnings.append)
        except MinikubeError as error:
            return {"msg": str(error)}
        return result | {"warnings": warnings} if warnings else result

    def find(self, program: str) -> str | None:
        path = self.folder / "engine" / program
        return str(path) if path.exists() else None

    def engine_has(self, state: str) -> None:
        """A Docker that answers, here and where none runs, with a container in this state, and its volume."""
        self.put("engine/state", state)
        if state != "absent":
            (self.folder / "engine/volume").touch()

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

    def count(self, name: str) -> int:
        file = self.folder / name
        return len(file.read_text(encoding="utf-8").splitlines()) if file.exists() else 0

    def asked(self) -> list[str]:
        asked = self.folder / "asked"
        return asked.read_text(encoding="utf-8").split() if asked.exists() else []


def answer(module: subprocess.Popen) -> dict:
    return json.loads(module.stdout.read())


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(minikube_observer, "_EVERY_SECONDS", 0.2)
    monkeypatch.setattr(minikube_profile, "_EVERY_SECONDS", 0.2)
    return Home(tmp_path)


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


def test_files_of_the_node_are_there_before_a_start(home):
    home.go()
    made = home.run(files=FILES)
    file = home.folder / ".minikube/files/etc/policy.yaml"
    assert file.read_text(encoding="utf-8") == FILES["etc/policy.yaml"]
    assert made["diff"]["after"]["files"] == FILES
    assert "files" not in made["cluster"]
    assert home.run(files=FILES)["steps"] == []
    # The node has what it was started with.
    other = {"etc/policy.yaml": "other"}
    assert home.run(files=other)["steps"] == ["stop", "start"]
    assert file.read_text(encoding="utf-8") == "other"


def test_a_cache_that_is_given_is_linked(home, tmp_path):
    home.go()
    cache = tmp_path / "given"
    refused = home.run(cache=str(cache))
    assert "minikube_cache has no folder" in refused["msg"]
    for name in ("images", "linux"):
        (cache / name).mkdir(parents=True)
    home.run(cache=str(cache))
    assert (home.folder / ".minikube/cache/images").readlink() == cache / "images"


def test_a_cache_of_minikube_itself_stays(home, tmp_path):
    home.go()
    own = home.folder / ".minikube/cache/images"
    own.mkdir(parents=True)
    (tmp_path / "given/images").mkdir(parents=True)
    assert "Remove it, or leave minikube_cache away" in home.run(cache=str(tmp_path / "given"))["msg"]
    assert own.is_dir() and not own.is_symlink()
    assert home.asked() == []


def test_a_profile_that_was_lost_is_written_back_where_its_node_exists(home):
    home.go()
    home.run(driver="docker")
    shutil.rmtree(home.folder / ".minikube" / "profiles")
    # Its client certificate is made by a start only.
    refused = home.run(driver="docker")
    assert "minikube_restart=true" in refused["msg"] and home.asked() == ["start"]
    profile = home.folder / ".minikube/profiles/one"
    shutil.rmtree(profile)
    profile.mkdir()
    (profile / "client.crt").touch()
    assert home.run(driver="docker", _ansible_check_mode=True)["steps"] == ["restore"]
    said = home.run(driver="docker")
    assert (said["state"], said["steps"]) == ("lost", ["restore"])
    (profile / "config.json").write_text('{"Driver": "dock', encoding="utf-8")
    assert home.run(driver="docker")["steps"] == ["restore"]
    assert home.run(driver="docker")["steps"] == [] and home.asked() == ["start"]


@pytest.mark.parametrize("record", ["", '{"Driver": "dock'], ids=["lost", "cut short"])
def test_a_node_that_was_not_made_here_stays_where_the_profile_is_lost(home, record):
    home.go()
    home.run(driver="docker")
    home.put("engine/id", "cd" * 32)
    file = home.folder / ".minikube/profiles/one/config.json"
    file.unlink()
    if record:
        file.write_text(record, encoding="utf-8")
    for state in ("present", "absent") if not record else ("present",):
        refused = home.run(driver="docker", state=state)
        assert "Nothing was changed" in refused["msg"] and home.asked() == ["start"]
    assert home.run(driver="docker", recreate=True)["steps"] == ["delete", "start"]


def test_removal_takes_a_node_along_whose_profile_was_lost(home):
    home.go()
    home.run(driver="docker")
    shutil.rmtree(home.folder / ".minikube" / "profiles")
    assert home.run(driver="docker", state="absent")["steps"] == ["delete", "clean"]
    assert not (home.folder / ".minikube").exists()


def test_a_container_of_another_folder_is_refused(home):
    home.go()
    home.engine_has("running")
    refused = home.run(driver="docker")
    assert "its container one" in refused["msg"] and "minikube_recreate=true" in refused["msg"]
    assert home.asked() == []
    assert home.run(driver="docker", recreate=True)["steps"] == ["delete", "start"]


def test_a_cache_that_is_none_is_refused_before_the_cluster_goes(home, tmp_path):
    home.go()
    home.run(driver="docker")
    refused = home.run(driver="docker", cni="calico", recreate=True, cache=str(tmp_path / "nowhere"))
    assert "minikube_cache has no folder" in refused["msg"]
    assert home.asked() == ["start"]


def test_a_node_that_is_a_container_gets_the_machines_proc_when_it_is_created(home):
    home.go()
    made = home.run(driver="docker", host_proc=True)
    assert "--mount-string=/proc:/procHost:ro" in home.started_with()
    assert made["cluster"]["mounts"] == ["/proc:/procHost:ro"]
    home.engine_has("exited")
    again = home.run(driver="docker", host_proc=True)
    # minikube refuses a mount for a container that exists.
    assert again["steps"] == ["start"] and "--mount-string" not in home.started_with()
    assert "warnings" not in again


@pytest.mark.parametrize("own", [[], ["--mount-string=/srv:/srv"]], ids=["made before", "with a mount of its own"])
def test_a_profile_without_the_machines_proc_is_reported_and_kept(home, own):
    home.go()
    home.run(driver="docker", start_options=own, host_proc=bool(own))
    said = home.run(driver="docker", host_proc=True, recreate=True)
    assert said["steps"] == [] and home.asked() == ["start"]
    assert "without the machine's /proc at /procHost" in str(said["warnings"])
    assert "warnings" not in home.run(driver="docker", host_proc=False)


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


def test_files_that_others_changed_stay(home):
    home.go()
    (home.folder / ".minikube").mkdir()
    (home.folder / ".minikube/somebody's").touch()
    home.run(files=FILES)
    file = home.folder / ".minikube/files/etc/policy.yaml"
    file.write_text("mine", encoding="utf-8")
    refused = home.run(files={"etc/policy.yaml": "other"})
    assert "was not written here" in refused["msg"] and home.asked() == ["start"]
    home.run(state="absent", files=FILES)
    assert file.read_text(encoding="utf-8") == "mine"
    assert not (home.folder / ".minikube/one.record.json").exists()
