# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An engine that says where it runs, and no API server."""

from __future__ import annotations

import json
import os

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import machine_kernel


@pytest.mark.parametrize(
    ("driver", "changes", "readiness", "certain"),
    [
        ("docker", {}, "machine", True),
        ("docker", {"OperatingSystem": "Docker Desktop"}, "nodes", True),
        ("docker", None, "nodes", False),
        ("none", None, "machine", True),
        ("kvm2", None, "nodes", True),
    ],
)
def test_without_nodes_the_engine_decides(tmp_path, monkeypatch, driver, changes, readiness, certain):
    here = machine_kernel.this_machine()
    info = {"KernelVersion": here.release, "MemTotal": here.memory, "Name": here.host, "OperatingSystem": "Debian"}
    printed = "" if changes is None else json.dumps(info | changes)
    (tmp_path / "docker").write_text(f"#!/bin/sh\necho '{printed}'\n", encoding="utf-8")
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    verdict = machine_kernel.decide({"driver": driver, "kubeconfig": str(tmp_path / "none")})
    assert ("machine" if verdict.same else "nodes", verdict.certain) == (readiness, certain)
