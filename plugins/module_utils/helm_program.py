# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program Helm, which gets values by its standard input. Private to the collection."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping

# What the Kubernetes client logs on the way; Helm's own reason comes after it.
_LOGGED = re.compile(r"[EIW][0-9]{4} [0-9:.]+ +[0-9]+ \S+[.]go:[0-9]+\] ")
# A shorter text says nothing, and is part of many words.
SHORTEST = 6


# Seconds for a question: it reads one record.
QUESTION_SECONDS = 60


def run(program, arguments, values=None, environment=None, seconds=None, descriptors=()):
    """Exit code, output, and what went wrong; always something, where the exit code is not 0.

    seconds limits it, descriptors are inherited by it.
    """
    # Not run_command: that fails by itself when Helm has ended before it read the values.
    try:
        done = subprocess.run(
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


def without_values(said, values):
    """What Helm said, which may quote a value where it is of the wrong type."""
    for text in sorted(_texts(values), key=len, reverse=True):
        said = said.replace(text, "***")
    return said


def _texts(value):
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
