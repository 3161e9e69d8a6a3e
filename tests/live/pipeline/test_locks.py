"""Runs beside another one that is at work in the pipeline's cluster."""

from __future__ import annotations

import json
import signal
import subprocess
import time

import pytest
from playbooks.output import one_line

from live.lab_cluster import CONTEXT, KUBECONFIG, TOP, kubectl

# In CI the unit tests of two runs.
pytestmark = pytest.mark.rare
AT_ONCE = ["-e", "runtime_security_lock_timeout=0"]


def leases():
    return json.loads(kubectl("get", "leases", "--namespace", "default", "--output", "json"))["items"]


@pytest.fixture
def another(tmp_path):
    """A run that has the lock of the cluster until the test ends."""
    lock = {"runtime_security.kubernetes.run_lock": {"kubeconfig": KUBECONFIG, "context": CONTEXT}}
    gate = {"ansible.builtin.wait_for": {"path": str(tmp_path / "gate"), "sleep": 1, "timeout": 120}}
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [lock, gate]}
    (tmp_path / "another.yml").write_text(json.dumps([play]), encoding="utf-8")
    with subprocess.Popen(["ansible-playbook", str(tmp_path / "another.yml")], cwd=TOP) as run:
        end = time.monotonic() + 60
        while not leases():
            assert time.monotonic() < end and run.poll() is None
            time.sleep(0.2)
        yield run
        (tmp_path / "gate").touch()
    assert run.returncode in (0, -signal.SIGKILL)
    # Released before the run ended, and nothing is left.
    assert leases() == []


@pytest.mark.parametrize(
    "playbook_arguments",
    [["site.yml", "--tags", "metrics_stack"], ["playbooks/teardown.yml", "-e", "runtime_security_teardown=yes"]],
    ids=["site", "teardown"],
)
def test_what_changes_the_cluster_does_not_begin(playbook, arguments, another, playbook_arguments):
    done = playbook(*playbook_arguments, *arguments, *AT_ONCE)
    said = one_line(done.stdout)
    assert done.returncode != 0
    assert "another run holds the lock" in said and f"another.yml, process {another.pid}" in said
    assert "changed=0" in said


def test_check_mode_does_not_wait(playbook, arguments, another):
    done = playbook("site.yml", "--tags", "metrics_stack", "--check", *arguments, *AT_ONCE)
    assert done.returncode == 0, done.stdout[-3000:]


def test_who_was_killed_is_not_waited_for(playbook, arguments, another):
    another.kill()
    another.wait()
    done = playbook("site.yml", "--tags", "metrics_stack", *arguments, *AT_ONCE)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "changed=0" in done.stdout
