# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

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
