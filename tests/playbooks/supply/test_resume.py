"""A run that was killed between two images: what is whole stays, the rest comes."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from . import servers
from .conftest import TOP

PLAY = """
- hosts: localhost
  connection: local
  gather_facts: false
  vars:
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
  tasks:
    - name: Ask
      runtime_security.kubernetes.image_pins_info:
        images:
          one: REGISTRY/images/one:1
          two: REGISTRY/images/two:1
      register: pins

    - name: Fetch
      runtime_security.kubernetes.image_fetch:
        path: "FOLDER/{{ item }}.tar"
        name: "docker.io/images/{{ item }}:1"
        source: "REGISTRY/images/{{ item }}:1"
        manifest: "{{ pins.pins[item].manifest }}"
        id: "{{ pins.pins[item].id }}"
      loop: [one, two]
"""
SECONDS = 60


@pytest.fixture
def stalling(tmp_path, filled, certificates):
    """A registry that can be stopped: its address and its process."""
    started = []
    with servers.registry(filled[0], certificates, started.append) as address:
        yield address, started[0]


def skopeo_on(path):
    """Process ids of skopeo that write below a path."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (entry / "cmdline").read_bytes().decode(errors="replace")
            if command.startswith(shutil.which("skopeo")) and str(path) in command:
                found.append(int(entry.name))
    return found


def wait_for(condition):
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, "nothing happens"
        time.sleep(0.005)


def test_a_killed_run_is_taken_up(tmp_path, stalling, environment):
    address, server = stalling
    folder = tmp_path / "images"
    play = tmp_path / "play.yml"
    play.write_text(PLAY.replace("REGISTRY", address).replace("FOLDER", str(folder)), encoding="utf-8")
    command = ["ansible-playbook", str(play)]
    one, two = folder / "one.tar", folder / "two.tar"

    with subprocess.Popen(command, cwd=TOP, env=environment, stdout=subprocess.DEVNULL, start_new_session=True) as run:
        wait_for(one.exists)
        # The second image has to wait for a registry that says nothing, and in that moment the run is killed.
        server.send_signal(signal.SIGSTOP)
        wait_for(lambda: skopeo_on(two))
        os.killpg(run.pid, signal.SIGKILL)
        # Ansible's workers are in groups of their own; a machine that loses its power has none of them left.
        for process in skopeo_on(two):
            os.kill(process, signal.SIGKILL)
    server.send_signal(signal.SIGCONT)
    assert run.returncode == -signal.SIGKILL
    assert one.exists()
    assert not two.exists()
    before = one.stat().st_mtime_ns

    done = subprocess.run(command, cwd=TOP, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "ok: [localhost] => (item=one)" in done.stdout
    assert "changed: [localhost] => (item=two)" in done.stdout
    assert one.stat().st_mtime_ns == before
    assert {"one.tar", "two.tar"} == {path.name for path in folder.iterdir() if path.suffix != ".partial"}
