# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role minikube, and what makes a bundle, as Ansible runs them on a machine that has nothing yet and reaches nobody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
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


def test_removal_takes_a_node_along_whose_record_is_gone(role, tmp_path):
    lock = tmp_path / "home/.minikube/one.lock"
    lock.parent.mkdir(parents=True)
    lock.write_text("The cluster was started.\n", encoding="utf-8")
    programs = {"minikube": f"echo $1 >>{tmp_path}/asked", "docker": '[ "$1" != ps ] || echo one'}
    said = role("remove", programs=programs, minikube_binary=str(tmp_path / "programs/minikube"))
    assert "changed=1" in said and "failed=0" in said
    assert (tmp_path / "asked").read_text(encoding="utf-8") == "delete\n"


@pytest.mark.parametrize(
    "content", ["{'users': [{'user': {'token': 'hunter2'}}]}", "users:\n- token: hunter2", {"token": "hunter2"}]
)
def test_the_content_of_a_kubeconfig_is_refused_and_not_shown(role, content):
    said = role("validate", minikube_kubeconfig=content)
    assert "minikube_kubeconfig is a value that is not shown; allowed is" in said
    assert "hunter2" not in said


def test_a_dry_run_with_a_lock_announces_helm_and_asks_nobody(play, tmp_path):
    said = play(
        "--check",
        tasks=[{"ansible.builtin.import_tasks": str(TOP / "playbooks/tasks/bundle_helm.yml")}],
        variables={
            "bundle_path": str(tmp_path / "bundle"),
            "__bundle_lock": {"helm": {"v3.19.0": "0123"}},
            "__bundle_helm": str(tmp_path / "bundle/bin/helm"),
            "__bundle_helm_version": "v3.19.0",
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
