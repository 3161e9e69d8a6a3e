"""How much of the cases a run takes."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(scope="session")
def step():
    """Every how many-th case runs."""
    return int(os.environ.get("FUZZ_STEP", "1"))
