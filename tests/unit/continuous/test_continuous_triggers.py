# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the triggers of the shipped rules do, on this machine."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest
import triggers
import yaml

TOP = Path(__file__).parents[3]


def test_every_shipped_rule_but_the_proofs_own_has_a_trigger():
    text = (TOP / "roles" / "falco_ebpf" / "files" / "rules" / "runtime_security_rules.yaml").read_text("utf-8")
    rules = [entry for entry in yaml.load(text, yaml.BaseLoader) if "rule" in entry]
    assert set(triggers.TRIGGERS) == {rule["rule"] for rule in rules if "proof" not in rule["tags"]}


@pytest.mark.parametrize("name", ["apk", "wget"])
def test_a_program_starts_under_the_name_that_the_rule_looks_for(monkeypatch, name):
    seen = {}
    start = subprocess.run

    def run(command, executable, check):
        # The same start, of a command that says what the kernel calls it.
        command = [*command[:2], "cat /proc/$$/comm; :", *command[3:]]
        seen["printed"] = start(command, executable=executable, text=True, check=check, stdout=subprocess.PIPE).stdout
        seen["arguments"] = command

    monkeypatch.setattr(triggers.subprocess, "run", run)
    triggers.start_as(name)("proof-1")
    assert seen["printed"].strip() == name
    assert seen["arguments"][-1] == "proof-1"


@pytest.mark.parametrize("name", ["apk", "wget"])
def test_the_program_ends_at_once_and_leaves_nothing(monkeypatch, tmp_path, name):
    monkeypatch.setattr(triggers.tempfile, "tempdir", str(tmp_path))
    triggers.start_as(name)("proof-1")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_written_and_read(monkeypatch, tmp_path):
    monkeypatch.setattr(triggers, "FOLDER", str(tmp_path))
    assert triggers.run("proof-1", ["Write below etc", "Read sensitive file untrusted"]) == {
        "Write below etc": "",
        "Read sensitive file untrusted": "",
    }
    assert os.listdir(tmp_path) == ["proof-1"]


def test_a_connection_is_opened_and_nothing_is_sent(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.getsockname()[1]))
        assert triggers.run("proof-1", ["Contact K8S API Server From Container"]) == {
            "Contact K8S API Server From Container": ""
        }
        server.settimeout(5)
        accepted, _ = server.accept()
        with accepted:
            assert accepted.recv(10) == b""


def test_an_error_of_one_rule_does_not_keep_the_others(monkeypatch, tmp_path):
    monkeypatch.setattr(triggers, "FOLDER", str(tmp_path / "missing"))
    errors = triggers.run("proof-1", ["Write below etc", "Terminal shell in container"])
    assert errors["Terminal shell in container"] == ""
    assert errors["Write below etc"].startswith("FileNotFoundError: ")
