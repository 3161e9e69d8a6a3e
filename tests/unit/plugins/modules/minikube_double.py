# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A minikube and an engine that do what files in their home say."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import (
    minikube_cluster,
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
