# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each shell script of the project parses; those that only a bare machine runs would fail there first."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
SCRIPTS = sorted(
    path
    for folder in ("tools", "lab", "tests", ".ci", "bench")
    for path in (TOP / folder).rglob("*")
    if path.is_file() and path.read_bytes()[:2] == b"#!" and b"sh\n" in path.read_bytes()[:40]
)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(TOP)))
def test_the_script_parses(script):
    shell = script.read_text(encoding="utf-8").splitlines()[0].rpartition("/")[2].rpartition(" ")[2]
    done = subprocess.run([shell, "-n", str(script)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_test_files_outside_of_packages_have_names_of_their_own():
    """pytest imports them by their names alone, and ends with an error at the second one."""
    files = [path for path in TOP.glob("tests/**/test_*.py") if not (path.parent / "__init__.py").exists()]
    names = [path.name for path in files]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_live_tests_name_tasks_that_exist():
    """They look for a task in what a run prints, which a cluster alone would show to be in vain."""
    tasks = {
        name
        for path in [*TOP.glob("roles/*/tasks/*.yml"), *TOP.glob("playbooks/**/*.yml")]
        for name in re.findall(r"- name: (.+)", path.read_text(encoding="utf-8"))
    }
    named = {
        name
        for path in TOP.glob("tests/live/**/*.py")
        for name in re.findall(r'"([a-z_]+ \| [A-Z][^"\]]+)"', path.read_text(encoding="utf-8"))
    }
    assert len(named) > 3
    assert {name for name in named if not any(task.startswith(name) for task in tasks)} == set()
