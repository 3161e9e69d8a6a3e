# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks as Ansible runs them: where a module runs, and what it leaves behind."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

SAID = "in the worker"


@pytest.fixture
def play(tmp_path):
    """Runs one task on a host of its own and returns what Ansible printed; temporary files go to its attribute temporary."""

    def run(task: dict, **variables) -> str:
        hosts = [{"hosts": "one", "gather_facts": False, "tasks": [task]}]
        (tmp_path / "play.yml").write_text(json.dumps(hosts), encoding="utf-8")
        given = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable} | variables
        command = ["ansible-playbook", "-vvv", "-i", "one,", "-e", json.dumps(given), str(tmp_path / "play.yml")]
        done = subprocess.run(
            command,
            env=os.environ | {"TMPDIR": str(temporary), "ANSIBLE_LOCAL_TEMP": str(temporary), "ANSIBLE_NOCOLOR": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.stdout

    # Not below tmp_path: ansible-core 2.21 makes a socket there, whose path may have 107 characters.
    with tempfile.TemporaryDirectory(prefix="door-") as folder:
        run.temporary = temporary = Path(folder)
        yield run


def ask(**keywords) -> dict:
    return {"runtime_security.kubernetes.helm_version_info": {"binary_path": "/nonexistent"}} | keywords


def test_a_module_on_this_machine_runs_in_the_worker(play):
    said = play(ask())
    assert SAID in said
    assert "there is no such program" in said
    assert "failed=0" in said


@pytest.mark.parametrize(
    ("keywords", "variables"),
    [
        ({"environment": {"NAME": "value"}}, {}),
        ({"async": 60, "poll": 1}, {}),
        ({"delegate_to": "localhost"}, {}),
        ({"become": True, "become_method": "ansible.builtin.sudo", "become_user": "nobody", "timeout": 20}, {}),
        ({}, {"ansible_python_interpreter": "/usr/bin/python3"}),
    ],
    ids=["environment", "async", "delegated", "become", "another Python"],
)
def test_anything_else_runs_as_every_module(play, keywords, variables):
    said = play(ask(**keywords), **variables)
    assert SAID not in said
    assert "helm_version_info" in said


def test_a_refused_argument_is_an_error_of_the_task(play):
    said = play({"runtime_security.kubernetes.helm_version_info": {"binarie": "/nonexistent"}})
    assert SAID in said
    assert "Unsupported parameters" in said and "binarie" in said
    assert "Traceback" not in said


def test_check_mode_reaches_the_module(play):
    said = play(
        {
            "runtime_security.kubernetes.minikube_cluster": {
                "profile": "one",
                "binary": "/nonexistent",
                "home": str(play.temporary),
            },
            "check_mode": True,
        }
    )
    assert SAID in said
    assert "changed=1" in said and "failed=0" in said


def test_a_key_does_not_stay_in_a_file(play, tmp_path):
    text = base64.b64encode(b"a key that is none").decode()
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1", "certificate-authority-data": text}}],
        "users": [{"name": "u", "user": {"client-certificate-data": text, "client-key-data": text}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "c",
    }
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(kubeconfig), encoding="utf-8")
    said = play({"runtime_security.kubernetes.k8s_kinds_info": {"kubeconfig": str(path), "kinds": []}})
    assert SAID in said and "failed=1" in said
    assert [found for found in play.temporary.rglob("*") if found.is_file()] == []
