# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role minikube, and what makes a bundle, as Ansible runs them on a machine that has nothing yet and reaches nobody."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]


@pytest.fixture
def play(tmp_path):
    """Runs tasks with variables, and with programs of ours before all others; returns what Ansible printed."""
    programs = tmp_path / "programs"
    programs.mkdir()

    def run(*options: str, tasks: list[dict], variables: dict, **programs_of: str) -> str:
        for name, text in programs_of.items():
            (programs / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
            (programs / name).chmod(0o755)
        play = [{"hosts": "one", "gather_facts": False, "tasks": tasks}]
        (tmp_path / "play.yml").write_text(json.dumps(play), encoding="utf-8")
        given = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable} | variables
        command = ["ansible-playbook", *options, "-i", "one,", "-e", json.dumps(given), str(tmp_path / "play.yml")]
        done = subprocess.run(
            command,
            cwd=TOP,
            env=os.environ | {"ANSIBLE_NOCOLOR": "1", "PATH": f"{programs}:{os.environ['PATH']}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return " ".join(done.stdout.split())

    return run


@pytest.fixture
def role(play, tmp_path):
    """Runs an entry of the role."""
    inputs = {
        "minikube_profile": "one",
        "minikube_home": str(tmp_path / "home"),
        "minikube_program_folder": str(tmp_path / "bin"),
        "minikube_kubeconfig": str(tmp_path / "kubeconfig"),
        "minikube_download_url": "http://127.0.0.1:1",
        "minikube_memory": "1800m",
    }

    def run(entry: str, *options: str, programs: dict | None = None, **changes) -> str:
        include = {"name": "runtime_security.kubernetes.minikube", "tasks_from": entry}
        return play(
            *options,
            tasks=[{"ansible.builtin.include_role": include}],
            variables=inputs | changes,
            **(programs or {}),
        )

    return run


def test_a_dry_run_announces_the_download_and_asks_nobody(role, tmp_path):
    said = role("apply", "--check")
    assert "Would download minikube v1.38.1" in said
    assert "failed=0" in said
    assert not (tmp_path / "bin").exists()


def test_a_program_that_is_there_is_not_announced(role, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/minikube-v1.38.1").touch()
    said = role("program", "--check")
    assert "changed=0" in said and "failed=0" in said


@pytest.fixture
def site(tmp_path):
    """A download site on loopback with what is put into its folder."""
    folder = tmp_path / "site"
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments) -> None:
            super().__init__(*arguments, directory=str(folder))

        def log_message(self, *unused) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("uname", "name"),
    [
        ("Darwin arm64", "minikube-darwin-arm64"),
        ("Darwin x86_64", "minikube-darwin-amd64"),
        ("Linux aarch64", "minikube-linux-arm64"),
        ("Linux x86_64", "minikube-linux-amd64"),
    ],
)
def test_the_minikube_of_the_system_is_downloaded(role, site, tmp_path, uname, name):
    folder, address = site
    (folder / "v1.38.1").mkdir()
    (folder / "v1.38.1" / name).write_text(name, encoding="utf-8")
    digest = hashlib.sha256(name.encode()).hexdigest()
    (folder / "v1.38.1" / f"{name}.sha256").write_text(digest, encoding="utf-8")
    said = role("program", programs={"uname": f"echo {uname}"}, minikube_download_url=address)
    assert "failed=0" in said, said
    assert (tmp_path / "bin/minikube-v1.38.1").read_text(encoding="utf-8") == name


def test_a_system_without_a_minikube_is_refused(role):
    said = role("program", programs={"uname": "echo FreeBSD amd64"})
    assert "'uname -s -m' is 'FreeBSD amd64'" in said and "set minikube_binary to its path" in said


def test_an_engine_that_does_not_answer_is_refused_with_its_words(role):
    said = role("engine", programs={"docker": "echo permission denied on the socket >&2; exit 1"})
    assert "permission denied on the socket" in said and "Nothing was changed" in said
    said = role("engine", programs={"docker": "sleep 60"}, minikube_timeout=1)
    assert "no such engine answers within 1 seconds" in said


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        (
            {"minikube_profile": "one"},
            "minikube_profile: invalid value ('one'). Expected minikube, the only profile that the driver none",
        ),
        ({"minikube_start_options": ["--nodes=2"]}, "the driver none has one node"),
    ],
)
def test_what_the_driver_none_cannot_do_is_refused(role, inputs, words):
    given = {"minikube_driver": "none", "minikube_profile": "minikube"} | inputs
    assert words in role("validate", **given).replace("''", "'")


def test_removal_leaves_a_node_whose_profile_is_lost_and_that_cannot_be_told_to_be_ours(role, tmp_path):
    lock = tmp_path / "home/.minikube/one.lock"
    lock.parent.mkdir(parents=True)
    lock.write_text("The cluster was started.\n", encoding="utf-8")
    container = "ab" * 32
    docker = f'case "$1" in container) echo running {container} ;; ps) echo one ;; volume) echo one ;; esac'
    programs = {"minikube": f"echo $1 >>{tmp_path}/asked", "docker": docker}
    said = role("remove", programs=programs, minikube_binary=str(tmp_path / "programs/minikube"))
    assert "minikube delete --profile one" in said and "failed=1" in said
    assert not (tmp_path / "asked").exists()


@pytest.mark.parametrize(
    "content", ["{'users': [{'user': {'token': 'hunter2'}}]}", "users:\n- token: hunter2", {"token": "hunter2"}]
)
def test_the_content_of_a_kubeconfig_is_refused_and_not_shown(role, content):
    said = role("validate", minikube_kubeconfig=content)
    assert "minikube_kubeconfig: invalid value (not shown). Expected" in said
    assert "hunter2" not in said


def test_a_dry_run_with_a_lock_announces_helm_and_asks_nobody(play, tmp_path):
    said = play(
        "--check",
        tasks=[{"ansible.builtin.import_tasks": str(TOP / "playbooks/tasks/bundle_helm.yml")}],
        variables={
            "bundle_path": str(tmp_path / "bundle"),
            "__bundle_lock": {"helm": {"v3.19.0": "0123"}},
            "__bundle_helm": str(tmp_path / "bundle/bin/helm"),
            "bundle_helm_version": "v3.19.0",
            "__bundle_helm_url": "http://127.0.0.1:1/helm.tar.gz",
        },
    )
    assert "Would fetch Helm v3.19.0" in said
    assert "changed=1" in said and "failed=0" in said


def test_a_dry_run_without_the_programs_announces_them_and_ends(play, tmp_path):
    (tmp_path / "minikube").touch()
    programs = [{"path": name, "url": f"http://127.0.0.1:1/{name}"} for name in ("minikube", "kubeadm")]
    said = play(
        "--check",
        tasks=[
            {"ansible.builtin.import_tasks": str(TOP / "playbooks/tasks/bundle_programs.yml")},
            {"ansible.builtin.fail": {"msg": "not ended"}},
        ],
        variables={"bundle_path": str(tmp_path), "__bundle_programs": programs},
    )
    assert "Would fetch kubeadm, and" in said
    assert "changed=1" in said and "failed=0" in said
