# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import loki_history
import pytest
import yaml
from shipped import expression

PARTS = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "runtime-security" / "lab" / "parts"


def program(name, part):
    """A program in PATH, named by a variable, or built by the lab."""
    cached = PARTS / part / name
    found = os.environ.get(name.upper()) or shutil.which(name) or (str(cached) if cached.exists() else None)
    assert found, f"{name} is missing: put it in PATH, name it in ${name.upper()}, or build the lab's (lab/build.py)"
    return found


@pytest.fixture(scope="session")
def promtool():
    return program("promtool", "prometheus")


@pytest.fixture(scope="session")
def loki_program():
    return program("loki", "loki")


@pytest.fixture(scope="session")
def loki(loki_program, tmp_path_factory):
    """A Loki, in which each test has a tenant of its own."""
    with loki_history.started(loki_program, tmp_path_factory.mktemp("loki")) as running:
        yield running


@pytest.fixture
def values(promtool, tmp_path):
    """The samples that promtool finds at a time: it has to expect none, and names those that it got."""

    def found(uid, series, at="10m", interval="15s", **inputs):
        checks = [{"expr": expression(uid, **inputs), "eval_time": at, "exp_samples": []}]
        rows = [{"series": name, "values": text} for name, text in series.items()]
        path = tmp_path / "past.yml"
        path.write_text(
            yaml.safe_dump({"tests": [{"interval": interval, "input_series": rows, "promql_expr_test": checks}]})
        )
        run = subprocess.run([promtool, "test", "rules", str(path)], capture_output=True, text=True, check=False)
        return "" if run.returncode == 0 else run.stdout + run.stderr

    return found
