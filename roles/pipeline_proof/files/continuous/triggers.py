# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does what the shipped rules report, without harm. Started by the shell with a terminal that is the first of them.

Its argument is a marker, which the command line of every event then has; the variable PROOF_RULES is a JSON list of the rules. Prints
one JSON object: errors has the rules, each with '' or the error; cpu_seconds is what all of it took.
Everything happens in an empty folder of the pod that is gone with it, and one connection to the API server is opened and closed unused.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from typing import Callable

# Mounted empty where rules look: below /etc, and among the files that hold permissions.
FOLDER = "/etc/sudoers.d"
SECONDS = 10


def nothing(marker: str) -> None:
    """The shell that started this program has already been reported."""


def start_as(name: str) -> Callable[[str], None]:
    """Start a shell under another program's name; it ends at once."""

    def start(marker: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            program = os.path.join(folder, name)
            os.symlink("/bin/sh", program)
            # A busybox goes by its first argument.
            subprocess.run(["sh", "-c", ":", marker], executable=program, check=True)

    return start


def write(marker: str) -> None:
    with open(os.path.join(FOLDER, marker), "w", encoding="utf-8") as file:
        file.write("\n")


def read(marker: str) -> None:
    """What write() left, or a file of its own where that rule is disabled."""
    path = os.path.join(FOLDER, marker)
    if not os.path.exists(path):
        write(marker)
    with open(path, encoding="utf-8") as file:
        file.read()


def connect(marker: str) -> None:
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], int(os.environ["KUBERNETES_SERVICE_PORT"])
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as connection:
        connection.connect((host, port))


TRIGGERS: dict[str, Callable[[str], None]] = {
    "Terminal shell in container": nothing,
    "Launch Package Management Process in Container": start_as("apk"),
    "Launch Ingress Remote File Copy Tools in Container": start_as("wget"),
    "Write below etc": write,
    "Read sensitive file untrusted": read,
    "Contact K8S API Server From Container": connect,
}


def run(marker: str, rules: list[str]) -> dict[str, str]:
    """Errors by rule, '' for none."""
    errors = {}
    for rule in rules:
        try:
            TRIGGERS[rule](marker)
            errors[rule] = ""
        except (OSError, subprocess.SubprocessError) as error:
            errors[rule] = f"{type(error).__name__}: {error}"
    return errors


if __name__ == "__main__":
    signal.alarm(SECONDS)
    found = run(sys.argv[1], json.loads(os.environ["PROOF_RULES"]))
    print(json.dumps({"errors": found, "cpu_seconds": sum(os.times()[:4])}))
