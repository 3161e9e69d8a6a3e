# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version of a program that is Helm, or is not."""

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm import version
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError


@pytest.fixture
def ask(tmp_path):
    """Runs the work of helm_version_info on a program that prints this."""

    def run(printed, check=False, required=True):
        program = tmp_path / "helm"
        program.write_text(f"#!/bin/sh\n{printed}\n")
        program.chmod(0o755)
        params = {"binary_path": str(program), "required": required, "variable": "runtime_security_helm_binary"}
        return version.run(params, Mode(check))

    return run


@pytest.mark.parametrize("printed", ["v3.16.0", "v3.19.2", "v4.0.1", "v10.0.0"])
def test_a_program_that_fits(ask, printed):
    assert ask(f"echo {printed}") == {"version": printed[1:], "problem": "", "warnings": []}


@pytest.mark.parametrize(
    ("printed", "problem"),
    [
        ("echo v3.15.4", "the version is 3.15.4"),
        ("echo v2.17.0", "the version is 2.17.0"),
        ("echo hello", "it said hello"),
        ("echo broken >&2; exit 1", "it said broken"),
    ],
)
def test_a_program_that_does_not(ask, printed, problem):
    with pytest.raises(WorkError, match=f"runtime_security_helm_binary: {problem} .* Expected Helm 3.16.0 or newer"):
        ask(printed)
    (warning,) = ask(printed, check=True)["warnings"]
    assert warning.startswith(f"A run would refuse Helm. runtime_security_helm_binary: {problem}")
    assert ask(printed, required=False)["warnings"] == []


def test_no_program():
    params = {"binary_path": "/nonexistent/helm", "required": True, "variable": "helm"}
    with pytest.raises(WorkError, match="helm: there is no such program"):
        version.run(params, Mode())
