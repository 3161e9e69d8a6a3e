"""Where Ansible finds the collection, and how much of the cases a run takes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def step():
    """Each how many-th case is judged."""
    return int(os.environ.get("FUZZ_STEP", "1"))
