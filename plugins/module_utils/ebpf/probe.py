# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does on this kernel, with empty programs, what Falco's drivers do when they start.

Everything happens in a child process: its limits and capabilities can be changed freely, a hang ends with a kill,
and when it ends the kernel frees each program, map and event it made. Nothing is pinned or attached.
"""

import errno
import json
import os
import resource
import select
import signal
import time

from . import requirements, syscalls
from .syscalls import instruction, load_map

TRACEFS = ("sys/kernel/tracing", "sys/kernel/debug/tracing")

# Numbers of the helpers the modern probe calls (include/uapi/linux/bpf.h).
_GET_CURRENT_TASK = 35
_TAIL_CALL = 12
_PROBE_READ = ((112, "user"), (113, "kernel"), (114, "user_str"), (115, "kernel_str"))
_KTIME_GET_BOOT_NS = 125
_RINGBUF_OUTPUT, _RINGBUF_RESERVE, _RINGBUF_SUBMIT = 130, 131, 132


def run(root, machine, plan, seconds):
    """Results of each probe in the plan; of an interrupted run, the ones so far, with an 'error'."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reader)
            _child(root, machine, plan, writer)
            code = 0
        finally:
            # Not sys.exit: the parent's exit handlers must not run twice.
            os._exit(code)
    os.close(writer)
    try:
        text, ended = _read(reader, seconds)
    finally:
        os.close(reader)
    status = _reap(child, 0.5 if ended else 0)
    if status is None:
        os.kill(child, signal.SIGKILL)
        _reap(child, 5)
    results = {}
    for line in text.split(b"\n"):
        try:
            name, outcome = json.loads(line.decode("utf-8"))
        except ValueError:
            continue
        results[name] = outcome
    if "end" not in results:
        results["error"] = "the probes ended early" if ended else "no answer in {0} seconds".format(seconds)
        if status and os.WIFSIGNALED(status):
            results["signal"] = os.WTERMSIG(status)
    return results


def _read(reader, seconds):
    parts = []
    deadline = time.time() + seconds
    while True:
        wait = deadline - time.time()
        if wait <= 0 or not select.select([reader], [], [], wait)[0]:
            return b"".join(parts), False
        part = os.read(reader, 65536)
        if not part:
            return b"".join(parts), True
        parts.append(part)


def _reap(child, seconds):
    """The child's exit status; None while it runs. A process stuck in the kernel must not hang us."""
    deadline = time.time() + seconds
    while True:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return status
        if time.time() >= deadline:
            return None
        time.sleep(0.002)


def _child(root, machine, plan, writer):
    probes = Probes(root, machine, plan)

    def tell(name, outcome):
        os.write(writer, (json.dumps([name, outcome]) + "\n").encode("utf-8"))

    for name in plan["probes"]:
        try:
            tell(name, getattr(probes, name)())
        except Exception as exc:  # one probe's trouble is no reason to lose the others
            tell(name, {"error": repr(exc)})
    tell("end", True)


def _outcome(action, *arguments):
    """What came of a call that gives a descriptor: {} or {errno, log}."""
    try:
        os.close(action(*arguments))
    except OSError as exc:
        outcome = {"errno": errno.errorcode.get(exc.errno, str(exc.errno))}
        if exc.filename:
            outcome["log"] = exc.filename[-400:] if len(exc.filename) > 400 else exc.filename
        return outcome
    return {}


class Probes:
    """One method for each probe; each returns what happened, and evaluates nothing."""

    def __init__(self, root, machine, plan):
        self.root = root
        self.plan = plan
        self.kernel = syscalls.Kernel(machine)

    def drop(self):
        try:
            self.kernel.limit_capabilities(self.plan["keep"])
        except OSError as exc:
            return {"errno": errno.errorcode.get(exc.errno, str(exc.errno))}
        return {}

    def bpf_call(self):
        """A command that does not exist tells a refusal of the system call itself from one of what it does."""
        return _outcome(self.kernel.bpf, syscalls.BPF_NO_COMMAND, b"")

    def memlock(self):
        try:
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        except (OSError, ValueError) as exc:
            number = getattr(exc, "errno", None) or errno.EPERM
            return {"errno": errno.errorcode.get(number, str(number))}
        return {}

    def ring_buffer(self):
        return _outcome(self.kernel.map_create, syscalls.MAP_RINGBUF, 0, 0, self.plan["buffer_bytes"])

    def maps(self):
        outcomes = {
            "prog_array": _outcome(self.kernel.map_create, syscalls.MAP_PROG_ARRAY, 4, 4, 512),
            "mmapable_array": _outcome(self.kernel.map_create, syscalls.MAP_ARRAY, 4, 8, 1, syscalls.F_MMAPABLE),
        }
        try:
            inner = self.kernel.map_create(syscalls.MAP_RINGBUF, 0, 0, os.sysconf("SC_PAGE_SIZE"))
        except OSError:
            return outcomes  # told by ring_buffer
        outcomes["array_of_maps"] = _outcome(self.kernel.map_create, syscalls.MAP_ARRAY_OF_MAPS, 4, 4, 1, 0, inner)
        os.close(inner)
        return outcomes

    def attach_points(self):
        return {name: self._load_tracing(syscalls.RETURN_ZERO, name) for name in sorted(self.plan["btf_ids"])}

    def _load_tracing(self, code, name):
        return _outcome(
            self.kernel.prog_load, syscalls.PROG_TRACING, code, syscalls.TRACE_RAW_TP, self.plan["btf_ids"][name]
        )

    def helpers(self):
        """One program that calls each helper the modern probe calls; the verifier names the one that is missing."""
        if "sys_exit" not in self.plan["btf_ids"]:
            return None
        descriptors = []
        try:
            for arguments in (
                (syscalls.MAP_PROG_ARRAY, 4, 4, 1),
                (syscalls.MAP_RINGBUF, 0, 0, os.sysconf("SC_PAGE_SIZE")),
            ):
                descriptors.append(self.kernel.map_create(*arguments))
            return self._load_tracing(_helper_program(*descriptors), "sys_exit")
        except OSError:
            return None  # told by maps and ring_buffer
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def toctou(self):
        """Opens the syscall tracepoints as libbpf does: number from tracefs, then a perf event."""
        return {name: self._tracepoint("syscalls/sys_enter_" + name) for name in requirements.TOCTOU}

    def _tracepoint(self, name):
        outcome = {"errno": "ENOENT"}
        for folder in TRACEFS:
            path = os.path.join(self.root, folder, "events", name, "id")
            try:
                with open(path) as stream:
                    number = int(stream.read(32))
            except (OSError, ValueError) as exc:
                code = errno.errorcode.get(getattr(exc, "errno", None), "EINVAL")
                if code != "ENOENT":
                    outcome = {"errno": code, "log": path}
                continue
            return _outcome(self.kernel.perf_event_open, syscalls.PERF_TYPE_TRACEPOINT, number)
        return outcome

    def legacy(self):
        """Raw tracepoint program, per-CPU perf buffer and its map, as the legacy probe opens them."""
        return {
            "raw_tracepoint": _outcome(self.kernel.prog_load, syscalls.PROG_RAW_TRACEPOINT, syscalls.RETURN_ZERO),
            "tracepoint": _outcome(self.kernel.prog_load, syscalls.PROG_TRACEPOINT, syscalls.RETURN_ZERO),
            "perf_event_array": _outcome(self.kernel.map_create, syscalls.MAP_PERF_EVENT_ARRAY, 4, 4, 1),
            "perf_event": _outcome(
                self.kernel.perf_event_open,
                syscalls.PERF_TYPE_SOFTWARE,
                syscalls.PERF_COUNT_SW_BPF_OUTPUT,
                syscalls.PERF_SAMPLE_RAW,
            ),
        }

    def init_module(self):
        """The loader checks permission and signature before it looks at the image, and these bytes are none."""
        return _outcome(self.kernel.init_module, b"readiness probe, not a kernel module".ljust(128, b"."))

    def inotify(self):
        return _outcome(self.kernel.inotify_init)


def _helper_program(tail_calls, ring):
    def move(dst, src):
        return instruction(0xBF, dst, src)

    def number(dst, value):
        return instruction(0xB7, dst, value=value)

    def stack(dst):
        return move(dst, 10) + instruction(0x07, dst, value=-8)

    code = move(6, 1)  # the context, for the tail call
    code += instruction(0x7A, 10, offset=-8)  # eight zeroed bytes on the stack
    for helper, _dummy in _PROBE_READ:
        code += stack(1) + number(2, 8) + number(3, 0) + syscalls.call(helper)
    code += syscalls.call(_KTIME_GET_BOOT_NS) + syscalls.call(_GET_CURRENT_TASK)
    code += instruction(0x7A, 10, offset=-8)
    code += load_map(1, ring) + stack(2) + number(3, 8) + number(4, 0) + syscalls.call(_RINGBUF_OUTPUT)
    code += load_map(1, ring) + number(2, 8) + number(3, 0) + syscalls.call(_RINGBUF_RESERVE)
    code += instruction(0x15, 0, offset=3)  # no room: skip the submit
    code += move(1, 0) + number(2, 0) + syscalls.call(_RINGBUF_SUBMIT)
    code += move(1, 6) + load_map(2, tail_calls) + number(3, 0) + syscalls.call(_TAIL_CALL)
    return code + syscalls.RETURN_ZERO
