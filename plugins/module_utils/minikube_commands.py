# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs with a time limit of their own: one that does not answer is distinguished from one that answers."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import NamedTuple

# minikube itself gives up on a question to the engine after 19 or 30 seconds (pkg/drivers/kic/oci/cli_runner.go, v1.38.1).
ASK_SECONDS = 60
STATUS_SECONDS = 120
STOP_SECONDS = 600
# A first start downloads images.
START_SECONDS = 2400
LOAD_SECONDS = 1800
_END_SECONDS = 10


class Answer(NamedTuple):
    """What a program answered; C(rc) is None where it did not end in time."""

    rc: int | None
    stdout: str
    stderr: str

    def words(self):
        """The last of what it printed, for an error message."""
        text = " ".join((self.stderr or self.stdout).split())[-400:]
        if self.rc is None:
            return "no answer in time%s" % (": " + text if text else "")
        return text or "exit code %d without a word" % self.rc


def run(arguments, seconds, environment=None, pass_fds=(), question=True):
    """Run a program to its end, or end it after O(seconds); returns an Answer.

    A C(question) gets a process group of its own, so that what it started ends with it. A change stays in the group of the
    caller, which may be killed as a whole.
    """
    try:
        # run_command is a method of AnsibleModule, which the work does not know.
        process = subprocess.Popen(  # pylint: disable=ansible-bad-function
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(os.environ, **(environment or {})),
            pass_fds=pass_fds,
            start_new_session=question,
        )
    except OSError as error:
        return Answer(127, "", str(error))
    try:
        stdout, stderr = process.communicate(timeout=seconds)
        return Answer(process.returncode, _text(stdout), _text(stderr))
    except subprocess.TimeoutExpired as expired:
        _end(process, question)
        return Answer(None, _text(expired.stdout), _text(expired.stderr))


def _end(process, group):
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            if group:
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_END_SECONDS)
            return


def _text(output):
    return (output or b"").decode("utf-8", errors="replace")
