# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def promtool():
    cached = (
        Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
        / "runtime-security/lab/parts/prometheus/promtool"
    )
    program = os.environ.get("PROMTOOL") or shutil.which("promtool") or (str(cached) if cached.exists() else None)
    assert program, "promtool is missing: put it in PATH, name it in $PROMTOOL, or build the lab's (lab/build.py)"
    return program


# The faults need a cluster whose stack may be broken for a while: `make alerts` names one.
collect_ignore = [] if os.environ.get("ALERTS_KUBECONFIG") else ["test_live.py"]
