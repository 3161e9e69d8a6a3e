# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""System calls that Python has no wrapper for. Each returns a descriptor or raises OSError."""

import ctypes
import os
import struct
import sys

# Numbers: arch/*/kernel/syscalls and include/uapi/asm-generic/unistd.h.
_GENERIC = {"bpf": 280, "perf_event_open": 241, "init_module": 105, "capset": 91}
_NUMBERS = {
    "x86_64": {"bpf": 321, "perf_event_open": 298, "init_module": 175, "capset": 126},
    "aarch64": _GENERIC,
    "riscv64": _GENERIC,
    "s390x": {"bpf": 351, "perf_event_open": 331, "init_module": 128, "capset": 185},
    "ppc64le": {"bpf": 361, "perf_event_open": 319, "init_module": 128, "capset": 184},
}

BPF_MAP_CREATE = 0
BPF_PROG_LOAD = 5
BPF_NO_COMMAND = 0xFFFF

MAP_ARRAY = 2
MAP_PROG_ARRAY = 3
MAP_PERF_EVENT_ARRAY = 4
MAP_ARRAY_OF_MAPS = 12
MAP_RINGBUF = 27
F_MMAPABLE = 1 << 10

PROG_TRACEPOINT = 5
PROG_RAW_TRACEPOINT = 17
PROG_TRACING = 26
TRACE_RAW_TP = 23

PERF_TYPE_SOFTWARE = 1
PERF_TYPE_TRACEPOINT = 2
PERF_COUNT_SW_BPF_OUTPUT = 10
PERF_SAMPLE_RAW = 1 << 10
PERF_FLAG_FD_CLOEXEC = 1 << 3

VERIFIER_LOG = 64 * 1024


class Kernel:
    """The running kernel, by system call."""

    def __init__(self, machine):
        if machine not in _NUMBERS:
            raise OSError(0, "no system call numbers for {0}".format(machine))
        self._numbers = _NUMBERS[machine]
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._libc.syscall.restype = ctypes.c_long

    def _call(self, name, *arguments):
        ctypes.set_errno(0)
        result = self._libc.syscall(ctypes.c_long(self._numbers[name]), *arguments)
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return result

    def bpf(self, command, attributes):
        buffer = ctypes.create_string_buffer(attributes, max(len(attributes), 1))
        return self._call("bpf", ctypes.c_long(command), buffer, ctypes.c_ulong(len(attributes)))

    def map_create(self, kind, key, value, entries, flags=0, inner=0):
        return self.bpf(BPF_MAP_CREATE, struct.pack("=IIIIIIII", kind, key, value, entries, flags, inner, 0, 0))

    def prog_load(self, kind, instructions, attach_type=0, btf_id=0):
        """Loads a program; when it is refused, the error's filename holds the verifier's words."""
        code = ctypes.create_string_buffer(instructions, len(instructions))
        licence = ctypes.create_string_buffer(b"GPL")
        log = None
        for level in (0, 1):
            if level:
                log = ctypes.create_string_buffer(VERIFIER_LOG)
            attributes = struct.pack(
                "=IIQQIIQII16sIIIIQIIQIII",
                kind,
                len(instructions) // 8,
                ctypes.addressof(code),
                ctypes.addressof(licence),
                level,
                VERIFIER_LOG if level else 0,
                ctypes.addressof(log) if level else 0,
                0,
                0,
                b"",  # kernels before 4.15 refuse a name
                0,
                attach_type,
                *([0] * 7 + [btf_id, 0]),
            )
            try:
                return self.bpf(BPF_PROG_LOAD, attributes)
            except OSError as exc:
                error = exc
        raise OSError(error.errno, error.strerror, log.value.decode("utf-8", "replace").strip())

    def perf_event_open(self, kind, config, sample_type=0, cpu=0):
        size = 112
        attributes = struct.pack("=IIQQQ", kind, size, config, 1, sample_type)
        buffer = ctypes.create_string_buffer(attributes.ljust(size, b"\0"), size)
        return self._call(
            "perf_event_open",
            buffer,
            ctypes.c_long(-1),
            ctypes.c_long(cpu),
            ctypes.c_long(-1),
            ctypes.c_ulong(PERF_FLAG_FD_CLOEXEC),
        )

    def init_module(self, image):
        """Offers an image to the module loader. Only ever called with bytes that are no module."""
        buffer = ctypes.create_string_buffer(image, len(image))
        return self._call("init_module", buffer, ctypes.c_ulong(len(image)), ctypes.c_char_p(b""))

    def inotify_init(self):
        ctypes.set_errno(0)
        descriptor = self._libc.inotify_init1(os.O_CLOEXEC)
        if descriptor < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return descriptor

    def limit_capabilities(self, permitted):
        """Gives up every capability that is not in the bit set, in this process."""
        header = ctypes.create_string_buffer(struct.pack("=II", 0x20080522, 0), 8)
        low, high = permitted & 0xFFFFFFFF, permitted >> 32
        sets = ctypes.create_string_buffer(struct.pack("=IIIIII", low, low, 0, high, high, 0), 24)
        self._call("capset", header, sets)


def instruction(code, dst=0, src=0, offset=0, value=0):
    """One struct bpf_insn."""
    registers = dst | src << 4 if sys.byteorder == "little" else dst << 4 | src
    return struct.pack("=BBhi", code, registers, offset, value)


def load_map(register, descriptor):
    """The two instructions that put a map's address into a register."""
    return instruction(0x18, register, 1, value=descriptor) + instruction(0)


def call(helper):
    return instruction(0x85, value=helper)


RETURN_ZERO = instruction(0xB7) + instruction(0x95)
