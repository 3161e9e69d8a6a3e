"""Playbooks that work on the same installation take it for the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

PLAYBOOKS = Path(__file__).parents[2] / "playbooks"
SAME = {"runtime_security_cluster", "runtime_security_context", "falco_ebpf_metrics"}


def variables(name):
    (play,) = yaml.safe_load((PLAYBOOKS / f"{name}.yml").read_text(encoding="utf-8"))
    return {name: value for name, value in play["vars"].items() if name in SAME}


@pytest.mark.parametrize("name", ["rotate_certificates", "teardown", "verify"])
def test_variables_of_a_name_have_one_value(name):
    assert variables(name).items() <= variables("site").items()


def test_a_rotation_leaves_the_metrics_as_they_are():
    assert variables("rotate_certificates").keys() == SAME
