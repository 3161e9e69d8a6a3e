"""Runs the role falco_ebpf on the cluster that a molecule scenario made."""

from __future__ import annotations

import pytest

from live import lab_cluster


@pytest.fixture(scope="session")
def kubectl():
    """Calls kubectl and returns its standard output."""
    return lab_cluster.kubectl


@pytest.fixture(scope="session")
def role():
    """Runs an entry of the role; returns its exit code and its output on one line."""

    def run(entry="main", *options, **inputs):
        inputs = {"runtime_security_context": lab_cluster.CONTEXT, "entry": entry} | inputs
        code, text = lab_cluster.playbook("tests/live/falco/play.yml", *options, **inputs)
        return code, " ".join(text.replace("''", "'").split())

    return run
