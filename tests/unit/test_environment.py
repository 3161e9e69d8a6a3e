# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tools/python.sh chooses a Python that starts; tools/environment.sh makes an environment once."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
SCRIPT = TOP / "tools/python.sh"
# As pyenv's, which starts only the selected version.
SHIM = """#!/bin/sh
[ "$PYENV_VERSION" = {0} ] || exit 127
echo /versions/{0}
"""
BROKEN = "#!/bin/sh\necho of a version that is gone >&2\nexit 1\n"


@pytest.mark.parametrize(
    ("programs", "code", "printed"),
    [
        ({"3.13": SHIM.format("3.13"), "3.12": SHIM.format("3.12")}, 0, "/versions/3.13\n"),
        ({"3.13": BROKEN, "3.12": SHIM.format("3.12")}, 0, "/versions/3.12\n"),
        ({"3.12": SHIM.format("3.12")}, 0, "/versions/3.12\n"),
        ({"3.13": BROKEN, "3.11": SHIM.format("3.11")}, 1, ""),
        ({}, 1, ""),
    ],
)
def test_the_first_one_that_starts(tmp_path, programs, code, printed):
    for version, text in programs.items():
        program = tmp_path / f"python{version}"
        program.write_text(text, encoding="utf-8")
        program.chmod(0o755)
    environment = {"PATH": str(tmp_path), "PYENV_VERSION": "3.11"}
    done = subprocess.run(
        ["/bin/sh", str(SCRIPT), "3.13", "3.12"], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (code, printed, "")


# Answers as the interpreter does, and notes each environment that it is to create.
PYTHON = """#!/bin/sh
case "$*" in
-c*version_info*) echo 3.99 ;;
"-m venv "*) echo "$3" >>"$MADE"; sleep 1; mkdir -p "$3/bin"; cp /bin/true "$3/bin/pip"; cp /bin/true "$3/bin/python" ;;
esac
"""


def test_two_at_once_make_it_once(tmp_path):
    python, made = tmp_path / "python", tmp_path / "made"
    python.write_text(PYTHON, encoding="utf-8")
    python.chmod(0o755)
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path), "PYTHON": str(python), "MADE": str(made)}
    command = [TOP / "tools/environment.sh", TOP / "requirements-dev.txt"]
    both = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _both in range(2)]
    printed = {one.communicate(timeout=60)[0].strip() for one in both}
    assert [one.returncode for one in both] == [0, 0]
    assert made.read_text(encoding="utf-8").split() == list(printed)
