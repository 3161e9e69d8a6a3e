# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible prints of a task that writes a Secret, and what it logs on the machine."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys

import pytest

WORD = "planted-word"
SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "mail", "namespace": "default"},
    "data": {"token": base64.b64encode(WORD.encode()).decode()},
    "stringData": {"password": WORD},
}
NOWHERE = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
    "users": [{"name": "u", "user": {}}],
    "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
    "current-context": "c",
}
# Stands in for the machine's syslog in the module's own process.
SYSLOG = """
import syslog
syslog.syslog = lambda level, text=None: open({path!r}, "a").write(str(text or level))
"""


@pytest.mark.parametrize("environment", [{}, {"SOME": "thing"}], ids=["in the worker", "as a module"])
def test_no_value_of_a_secret_is_printed_or_logged(tmp_path, environment):
    log = tmp_path / "syslog"
    (tmp_path / "sitecustomize.py").write_text(SYSLOG.format(path=str(log)), encoding="utf-8")
    write = {"runtime_security.kubernetes.k8s_objects": {"kubeconfig": NOWHERE, "objects": [SECRET]}}
    ask = {"ansible.builtin.command": {"argv": ["true"]}}
    tasks = [write | {"check_mode": True}, write | {"ignore_errors": True}, ask]
    path = tmp_path / "play.yml"
    path.write_text(
        json.dumps([{"hosts": "one", "gather_facts": False, "environment": environment, "tasks": tasks}]),
        encoding="utf-8",
    )
    variables = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    done = subprocess.run(
        ["ansible-playbook", "-vvv", "--diff", "-i", "one,", "-e", json.dumps(variables), str(path)],
        env=os.environ | {"ANSIBLE_NOCOLOR": "1", "PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert ("k8s_objects in the worker" in done.stdout) is (not environment), done.stdout
    assert "changed: [one]" in done.stdout and "no answer" in done.stdout
    assert "password" in done.stdout.partition("+++ after")[2], done.stdout
    printed = done.stdout.replace(json.dumps(environment), "")
    for word in (WORD, SECRET["data"]["token"], base64.b64encode(SECRET["data"]["token"].encode()).decode()):
        assert word not in printed
        assert word not in log.read_text(encoding="utf-8")
    # The log works.
    assert "true" in log.read_text(encoding="utf-8")
