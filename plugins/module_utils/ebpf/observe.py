# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything the evaluation needs to know of a machine, as one dictionary of plain values.

Evaluation is kept apart, so that the record of any machine can be evaluated anywhere: the tests do.
"""

import os
import resource
import struct

from . import btf, host_proc, probe, requirements

TEXT_LIMIT = 64 * 1024
MODULES_LIMIT = 256 * 1024
BTF_LIMIT = 16 * 1024 * 1024
BTF_PATH = "sys/kernel/btf/vmlinux"
SECURE_BOOT = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

FILES = (
    "etc/os-release",
    "proc/1/environ",
    "proc/cmdline",
    "proc/meminfo",
    "proc/self/attr/current",
    "proc/self/status",
    "proc/self/uid_map",
    "proc/sys/kernel/modules_disabled",
    "proc/sys/kernel/perf_event_paranoid",
    "proc/sys/kernel/random/boot_id",
    "proc/sys/kernel/unprivileged_bpf_disabled",
    "proc/version",
    "run/systemd/container",
    "sys/class/dmi/id/product_name",
    "sys/class/dmi/id/sys_vendor",
    "sys/devices/system/cpu/online",
    "sys/devices/system/cpu/possible",
    "sys/fs/cgroup/memory.max",
    "sys/fs/cgroup/memory/memory.limit_in_bytes",
    "sys/fs/selinux/enforce",
    "sys/kernel/debug/sched/preempt",
    "sys/kernel/security/lockdown",
    "sys/kernel/security/lsm",
    "sys/module/module/parameters/sig_enforce",
)
# Marks of a container, and keys that signed modules are made with.
PATHS = (
    ".dockerenv",
    "run/.containerenv",
    "var/lib/dkms/mok.pub",
    "var/lib/shim-signed/mok/MOK.der",
)
COMMANDS = ("gcc", "make", "dkms", "clang", "llc")

# Where DKMS and the driver loader put the module.
MODULE_FOLDERS = ("extra", "updates", "updates/dkms", "kernel/drivers/misc")
MODULE_ENDINGS = ("", ".xz", ".zst", ".gz")

PROBES = {
    # bpf() last: a seccomp filter may end the process there
    "modern_ebpf": ("inotify", "memlock", "toctou", "bpf_call", "ring_buffer", "maps", "attach_points", "helpers"),
    "kmod": ("inotify", "init_module"),
    "ebpf": ("inotify", "memlock", "bpf_call", "legacy"),
}
PROBE_SECONDS = 10


def observe(options, root="/"):
    """options: falco_version, drivers, least_privilege, buffer_preset and host_root, as the module takes them."""
    system = os.uname()
    record = {
        "machine": system.machine,
        "release": system.release,
        "uid": os.geteuid(),
        "memlock": list(resource.getrlimit(resource.RLIMIT_MEMLOCK)),
        "pid_namespace": _link(root, "proc/self/ns/pid"),
        "files": {},
        "paths": [],
        "commands": [name for name in COMMANDS if _command(root, name)],
        "driver_files": _driver_files(root, options["host_root"], system.release),
        "probes": {},
    }
    for path in FILES:
        text = _text(root, path, TEXT_LIMIT)
        if text is not None:
            record["files"][path] = text
    record["paths"] = [path for path in PATHS if os.path.exists(os.path.join(root, path))]
    record["secure_boot"] = _secure_boot(root)
    record["falco_loaded"] = _module_loaded(root, "falco")
    record["host_os_release"] = None
    host = os.path.join(root, options["host_root"].lstrip("/"))
    record["proc_views"] = host_proc.observe(host)
    if options["host_root"]:
        record["host_os_release"] = _text(host, "etc/os-release", TEXT_LIMIT)
    record["kernel_config"] = _kernel_config(root, options["host_root"], system.release)

    release = requirements.release_for(options["falco_version"])
    if "modern_ebpf" in options["drivers"]:
        record["btf"] = _btf(root, requirements.tracepoints_for(release, system.machine))
    for driver in options["drivers"]:
        if driver in release["drivers"]:
            record["probes"][driver] = _probes(root, driver, options, record)
    return record


def _probes(root, driver, options, record):
    names = PROBES[driver]
    plan = {
        "buffer_bytes": requirements.BUFFER_PRESETS[options["buffer_preset"]],
        "btf_ids": record.get("btf", {}).get("tracepoints", {}),
    }
    if options["least_privilege"] and driver in requirements.LEAST_PRIVILEGED:
        names = ("drop", *names)
        plan["keep"] = requirements.capability_bits(requirements.LEAST_PRIVILEGED[driver])
    plan["probes"] = names
    try:
        return probe.run(root, record["machine"], plan, PROBE_SECONDS)
    except OSError as exc:
        return {"error": str(exc)}


def _bytes(root, path, limit):
    """The file's first bytes; None when it cannot be read."""
    try:
        # Not blocking: a file that is really a pipe must not hang us.
        descriptor = os.open(os.path.join(root, path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        stream = os.fdopen(descriptor, "rb")
    except OSError:
        os.close(descriptor)
        return None
    with stream:
        try:
            return stream.read(limit) or b""
        except OSError:
            return None


def _text(root, path, limit):
    data = _bytes(root, path, limit)
    return None if data is None else data.decode("utf-8", "replace")


def _link(root, path):
    try:
        return os.readlink(os.path.join(root, path))
    except OSError:
        return None


def _command(root, name):
    folders = [*os.environ.get("PATH", "").split(":"), "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
    return any(os.access(os.path.join(root, folder.lstrip("/"), name), os.X_OK) for folder in folders)


def _driver_files(root, host_root, release):
    """What a driver could be loaded from or built with: 'headers', 'module', 'probe'."""
    found = set()
    for base in (root, os.path.join(root, host_root.lstrip("/"))):
        modules = os.path.join(base, "lib/modules", release)
        if _headers(base, os.path.join(modules, "build")):
            found.add("headers")
        for folder in MODULE_FOLDERS:
            if any(os.path.exists(os.path.join(modules, folder, "falco.ko" + end)) for end in MODULE_ENDINGS):
                found.add("module")
    if os.path.exists(os.path.join(root, "root/.falco/falco-bpf.o")):
        found.add("probe")
    return sorted(found)


def _headers(base, build):
    """Whether a build folder is there. It is a link, and on a mounted host's file system it points into that."""
    if os.path.islink(build) and os.path.isabs(os.readlink(build)):
        build = os.path.join(base, os.readlink(build).lstrip("/"))
    return os.path.exists(os.path.join(build, "Makefile"))


def _secure_boot(root):
    """Whether firmware checks signatures; None when there is no such firmware, or it cannot be seen."""
    data = _bytes(root, SECURE_BOOT, 16)
    # Four bytes of attributes, then the value.
    return bool(struct.unpack_from("B", data, 4)[0]) if data and len(data) > 4 else None


def _module_loaded(root, name):
    text = _text(root, "proc/modules", MODULES_LIMIT)
    return bool(text) and any(line.split(" ", 1)[0] == name for line in text.splitlines())


def _kernel_config(root, host_root, release):
    """The preemption and BTF choices of the kernel's build, where its configuration can be read."""
    path = os.path.join(host_root.lstrip("/"), "boot", "config-" + release)
    lines = (_text(root, path, 1 << 20) or "").splitlines()
    if not lines:
        data = _bytes(root, "proc/config.gz", 1 << 20)
        if data:
            import zlib  # rarely needed, and not free to import

            try:
                lines = zlib.decompressobj(47).decompress(data, 1 << 20).decode("utf-8", "replace").splitlines()
            except zlib.error:
                lines = []
    names = ("CONFIG_DEBUG_INFO_BTF=", "CONFIG_PREEMPT_LAZY=")
    return [line for line in lines if line.startswith(names)]


def _btf(root, tracepoints):
    prefix = "btf_trace_"
    data = _bytes(root, BTF_PATH, BTF_LIMIT + 1)
    if data is None:
        missing = not os.path.exists(os.path.join(root, BTF_PATH))
        return {"error": "no such file" if missing else "cannot be read", "missing": missing}
    if len(data) > BTF_LIMIT:
        return {"error": "larger than {0} MiB".format(BTF_LIMIT >> 20)}
    try:
        typedefs, structs = btf.lookup(data, [prefix + name for name in tracepoints], requirements.TYPES)
    except btf.BtfError as exc:
        return {"error": str(exc)}
    return {
        "bytes": len(data),
        "tracepoints": {name[len(prefix) :]: type_id for name, type_id in typedefs.items()},
        "types": sorted(structs),
    }
