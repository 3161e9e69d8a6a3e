"""Runs a command under a seccomp filter: filtered.py ACTION COMMAND...

deny-bpf, kill-bpf: bpf() gives EPERM, or ends the caller. grant-memlock: a rise of RLIMIT_MEMLOCK is answered with
success, which stands for CAP_SYS_RESOURCE on a machine that does not have it.
"""

import ctypes
import os
import platform
import struct
import sys

SYSCALLS = {"x86_64": {"bpf": 321, "prlimit64": 302}, "aarch64": {"bpf": 280, "prlimit64": 261}}[platform.machine()]
RLIMIT_MEMLOCK = 8
ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
NUMBER, ARGUMENT = 0, 16  # offsets in struct seccomp_data


def step(code, yes, no, value):
    return struct.pack("=HBBI", code, yes, no, value)


FILTERS = {
    "deny-bpf": [
        step(LOAD, 0, 0, NUMBER),
        step(EQUAL, 0, 1, SYSCALLS["bpf"]),
        step(RETURN, 0, 0, ERRNO | 1),
        step(RETURN, 0, 0, ALLOW),
    ],
    "kill-bpf": [
        step(LOAD, 0, 0, NUMBER),
        step(EQUAL, 0, 1, SYSCALLS["bpf"]),
        step(RETURN, 0, 0, KILL),
        step(RETURN, 0, 0, ALLOW),
    ],
    # prlimit64(pid, RLIMIT_MEMLOCK, new, old) with a new value
    "grant-memlock": [
        step(LOAD, 0, 0, NUMBER),
        step(EQUAL, 0, 5, SYSCALLS["prlimit64"]),
        step(LOAD, 0, 0, ARGUMENT + 8),
        step(EQUAL, 0, 3, RLIMIT_MEMLOCK),
        step(LOAD, 0, 0, ARGUMENT + 16),
        step(EQUAL, 1, 0, 0),
        step(RETURN, 0, 0, ERRNO | 0),
        step(RETURN, 0, 0, ALLOW),
    ],
}

program = b"".join(FILTERS[sys.argv[1]])
code = ctypes.create_string_buffer(program, len(program))
header = ctypes.create_string_buffer(struct.pack("@HP", len(program) // 8, ctypes.addressof(code)))
libc = ctypes.CDLL(None, use_errno=True)
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
# A process with CAP_SYS_ADMIN may set a filter as it is; others must give up new privileges.
if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header):
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header):
        sys.exit("seccomp: " + os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[2], sys.argv[2:])
