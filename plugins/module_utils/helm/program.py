# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program Helm, which gets values by its standard input. Private to the collection."""

from __future__ import annotations

import json
import os
import re
import subprocess
import typing as t
from collections.abc import Mapping

from ansible.module_utils.common.process import get_bin_path

# Nothing of Helm 3.16 itself is needed: older ones have not been tried.
MINIMUM = (3, 16, 0)
# Seconds for a question: it reads one record.
QUESTION_SECONDS = 60
# What the Kubernetes client logs on the way; Helm's own reason comes after it.
_LOGGED = re.compile(r"[EIW][0-9]{4} [0-9:.]+ +[0-9]+ \S+[.]go:[0-9]+\] ")
# A shorter text says nothing, and is part of many words.
SHORTEST = 6
# Characters of what a program that is not Helm prints.
_SHORT = 200


def run(
    program: str,
    arguments: list[str],
    values: object = None,
    environment: dict[str, str] | None = None,
    seconds: float | None = None,
    descriptors: t.Sequence[int] = (),
) -> tuple[int, str, str]:
    """Exit code, output, and what went wrong; always something, where the exit code is not 0.

    seconds limits it, descriptors are inherited by it.
    """
    # Not run_command: that fails by itself when Helm has ended before it read the values.
    try:
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            [program, *arguments],
            env=os.environ | (environment or {}),
            input=None if values is None else json.dumps(values),
            stdin=subprocess.DEVNULL if values is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=seconds,
            pass_fds=descriptors,
        )
    except subprocess.TimeoutExpired:
        return -1, "", "it did not answer within %d s" % seconds
    except OSError as error:
        return -1, "", "it cannot be started: %s" % error
    nothing = "" if done.returncode == 0 else "it ended with %d and printed no reason" % done.returncode
    said = "\n".join(line for line in done.stderr.splitlines() if not _LOGGED.match(line))
    return done.returncode, done.stdout, said.strip() or done.stderr.strip() or nothing


def path_of(binary: str) -> str:
    """The program's path; what is not there stays as it is, and cannot be started."""
    try:
        return get_bin_path(binary)
    except ValueError:
        return binary


def version(binary: str) -> tuple[str, str]:
    """The version without the leading v, and the problem with it; one of the two is empty."""
    try:
        program = get_bin_path(binary)
    except ValueError:
        return "", "there is no such program"
    _code, printed, said = run(program, ["version", "--template", "{{.Version}}"], seconds=QUESTION_SECONDS)
    match = re.match(r"v(\d+\.\d+\.\d+)", printed)
    if match:
        return match.group(1), ""
    return "", "it said %s" % ((said or printed).strip()[:_SHORT] or "nothing")


def refusal(found: str, problem: str, binary: str, variable: str) -> str:
    """Why a program cannot be used, "" where it can; found and problem are what version() returned, variable names the program."""
    if found and tuple(map(int, found.split("."))) >= MINIMUM:
        return ""
    return (
        f"{variable}: {problem or f'the version is {found}'} ('{binary}'). Expected Helm {'.'.join(map(str, MINIMUM))} or "
        f"newer. Fix: install it, or set {variable} to its path."
    )


def without_values(said: str, values: object, public: t.Iterable[str] = ()) -> str:
    """What Helm said, which may quote a value where it is of the wrong type; public texts are no secret."""
    for text in sorted(_texts(values) - set(public), key=len, reverse=True):
        said = said.replace(text, "***")
    return said


def _texts(value: object) -> set[str]:
    """All lines of all texts in a value that are long enough."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return {text for entry in value for text in _texts(entry)}
    return (
        {line.strip() for line in value.splitlines() if len(line.strip()) >= SHORTEST}
        if isinstance(value, str)
        else set()
    )
