# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a process that a lock names still lives: on Linux, macOS and what else has ps."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess


def machine() -> str:
    """What tells machines apart on which process numbers mean the same: a host name alone may be that of several containers.

    Example: 'f0b1c6a5d2e34789'. A restart of the machine changes it, where that can be seen.
    """
    parts = [socket.gethostname(), _boot(), _namespace()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def start_of(pid: int) -> str:
    """When a process started, in words that no later process of the same number has; '' where that cannot be seen.

    A process that has ended and was not waited for by its parent yet (a zombie) has no start: it does nothing any more.
    """
    return _look(pid)[1]


def has_ended(pid: int, start: str) -> bool:
    """Whether that process is gone for certain; what cannot be seen counts as alive."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        # It is another user's, and so it exists.
        pass
    seen, found = _look(pid)
    return seen and found != start


def _look(pid: int) -> tuple[bool, str]:
    """Whether the process could be looked at, and its start."""
    if os.path.exists("/proc/self/stat"):
        return _in_proc(pid)
    return _by_ps(pid)


def _in_proc(pid: int) -> tuple[bool, str]:
    """proc_pid_stat(5): the third field is the state, the 22nd the start in clock ticks after boot."""
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as file:
            # The second field is the program's name in parentheses, with whatever is in it.
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return False, ""
    return True, "" if fields[0] in "ZX" else fields[19]


def _by_ps(pid: int) -> tuple[bool, str]:
    """ps(1) of POSIX has no start; lstart and stat are those of macOS and the BSDs."""
    try:
        # run_command is a method of AnsibleModule, which the work does not know.
        found = subprocess.run(  # pylint: disable=ansible-bad-function
            ["ps", "-o", "stat=", "-o", "lstart=", "-p", str(pid)],
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC0"},
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False, ""
    state, _space, start = found.stdout.strip().partition(" ")
    return bool(state), "" if state.startswith("Z") else start.strip()


def _boot() -> str:
    """Which start of this machine it is, where the kernel gives it a name."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return ""


def _namespace() -> str:
    """Containers of one machine have process numbers of their own."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""
