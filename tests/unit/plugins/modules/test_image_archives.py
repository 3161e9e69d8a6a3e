# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module as a process of its own, with a minikube that says what the real one said when its node's disk was full."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.modules import image_archives

LOG = """W1124 05:16:21.262102    4956 cache_images.go:254] Failed to load cached images for "one": loading images: containerd load stack.tar
ctr: failed to ingest "l.tar": failed to copy: write /var/lib/containerd/data: no space left on device: unknown
I1124 05:16:21.262196    4956 cache_images.go:266] failed pushing to: one
"""
MINIKUBE = """#!/bin/sh
case $2 in
ls) cat "$MINIKUBE_HOME/present" ;;
load) cat "$MINIKUBE_HOME/log" >&2; cp "$MINIKUBE_HOME/after" "$MINIKUBE_HOME/present" ;;
esac
"""
ENGINE = """#!/bin/sh
folder=$(dirname "$0")
case $1 in
image) [ ! -f "$folder/loaded" ] && echo "SAID" >&2 && exit 125; echo a:1 sha256:aa ;;
load) touch "$folder/loaded" ;;
esac
"""
OWN = json.dumps([{"id": "sha256:cc", "repoTags": ["pause:1"]}])
PRESENT = json.dumps([{"id": "sha256:aa", "repoTags": ["a:1"]}])


@pytest.fixture
def run(tmp_path):
    program = tmp_path / "minikube"
    program.write_text(MINIKUBE, encoding="utf-8")
    program.chmod(0o755)
    profile = tmp_path / ".minikube" / "profiles" / "one"
    profile.mkdir(parents=True)
    (profile / "config.json").write_text("{}", encoding="utf-8")
    (tmp_path / "present").write_text(OWN, encoding="utf-8")
    manifest = json.dumps([{"Config": "aa.json", "RepoTags": ["a:1"]}]).encode()
    with tarfile.open(tmp_path / "stack.tar", "w") as archive:
        info = tarfile.TarInfo("manifest.json")
        info.size = len(manifest)
        archive.addfile(info, io.BytesIO(manifest))

    def load(after: str, log: str, **changes) -> dict:
        (tmp_path / "after").write_text(after, encoding="utf-8")
        (tmp_path / "log").write_text(log, encoding="utf-8")
        options = {
            "archives": [f"{tmp_path}/stack.tar"],
            "profile": "one",
            "binary": str(program),
            "home": str(tmp_path),
        } | changes
        done = subprocess.run(
            [sys.executable, image_archives.__file__],
            input=json.dumps({"ANSIBLE_MODULE_ARGS": options}),
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        return json.loads(done.stdout)

    return load


def test_what_was_loaded_is_looked_for(run):
    assert run(PRESENT, "")["changed"] is True


def test_a_load_that_minikube_takes_for_done_fails_with_the_nodes_words(run):
    said = run(OWN, LOG)
    assert said["failed"] is True
    assert "no space left on device" in said["msg"] and "pushing" not in said["msg"]


def test_a_load_without_a_reason_names_what_to_look_at(run):
    assert "minikube ssh df" in run(OWN, "")["msg"]


@pytest.mark.parametrize(
    ("said", "loaded"),
    [
        ("Error response from daemon: No such image: a:1", True),
        ("Error: a:1: image not known", True),
        ("Cannot connect to the Docker daemon", False),
    ],
    ids=["docker", "podman", "no engine"],
)
def test_an_engine_that_lacks_an_image_gets_it(run, tmp_path, said, loaded):
    program = tmp_path / "engine"
    program.write_text(ENGINE.replace("SAID", said), encoding="utf-8")
    program.chmod(0o755)
    answer = run("", "", target="docker", binary=str(program))
    assert answer.get("changed", False) is loaded
    assert loaded or said in answer["msg"]
