# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each release of Falco asks of a kernel. Data only: edit this file when a release changes a requirement.

Sources are written as repository@tag:path, or repository#number for a thread.
"""

LATEST = "0.45.1"

# Entries go from old to new; an entry holds from its release up to the next one's.
# sys_enter: the modern probe has a dispatcher on raw sys_enter. toctou: it guards against
# argument rewriting with syscall tracepoints. iterators: it asks the kernel for the processes there are, where it is in the
# root PID namespace. auxiliary_maps: 128 KiB buffers for each possible CPU.
RELEASES = (
    {
        "since": "0.38.0",
        "libs": "0.17.1",
        "drivers": ("modern_ebpf", "kmod", "ebpf"),
        "sys_enter": True,
        "toctou": False,
        "iterators": False,
        "auxiliary_maps": 1,
        "source": "falcosecurity/libs@0.17.1:driver/modern_bpf/programs/attached",
    },
    {
        "since": "0.42.0",
        "libs": "0.22.1",
        "drivers": ("modern_ebpf", "kmod", "ebpf"),
        "sys_enter": False,
        "toctou": True,
        "iterators": False,
        "auxiliary_maps": 1,
        "source": "falcosecurity/libs@0.22.1:driver/modern_bpf/programs/attached",
    },
    {
        "since": "0.44.0",
        "libs": "0.25.2",
        "drivers": ("modern_ebpf", "kmod"),
        "sys_enter": False,
        "toctou": True,
        "iterators": True,
        "auxiliary_maps": 1,
        "source": "falcosecurity/falco@0.44.0:CHANGELOG.md",
    },
    {
        "since": "0.45.0",
        "libs": "0.26.0",
        "drivers": ("modern_ebpf", "kmod"),
        "sys_enter": False,
        "toctou": True,
        "iterators": True,
        "auxiliary_maps": 2,
        "source": "falcosecurity/libs#3086, falcosecurity/libs@0.26.0: release notes",
    },
)

# Oldest kernel each driver is said to work on, by machine.
MINIMUM_KERNEL = {
    "modern_ebpf": {"x86_64": (5, 8), "aarch64": (5, 8), "s390x": (5, 8), "ppc64le": (5, 8)},
    "kmod": {"x86_64": (3, 10), "aarch64": (3, 16), "s390x": (3, 10), "ppc64le": (3, 10), "riscv64": (5, 0)},
    "ebpf": {"x86_64": (4, 14), "aarch64": (4, 17), "s390x": (5, 5), "ppc64le": (5, 1)},
}

# Raw tracepoints the modern probe loads a program for (section tp_btf/NAME).
TRACEPOINTS = ("sys_exit", "sched_process_exec", "sched_process_exit", "sched_switch", "signal_deliver")
TRACEPOINTS_OF_MACHINE = {
    "x86_64": ("page_fault_user", "page_fault_kernel"),
    "aarch64": ("sched_process_fork",),
    "s390x": ("sched_process_fork",),
}
SYS_ENTER = "sys_enter"

# Syscall tracepoints of the guard against argument rewriting (time of check to time of use).
TOCTOU = ("connect", "creat", "open", "openat", "openat2")

# Kernel types the modern probe walks; CO-RE cannot relocate it without them. They are the relocations that clang writes into the
# probe's programs for x86_64, the same in falcosecurity/libs@0.25.4 and @48dfd53 (22 July 2026, on the way to 0.26). Not seen: the
# sources of 0.26.0 and 0.26.1, and those of releases before 0.25 were not compiled. Left out is what the probe asks for before it
# walks it (clone_args, io_uring_params, if_dqblk, kernel_cap_struct, timespec64, flavours of a type), what only the iterators walk
# (fs_struct, seq_file), and compat_*, which only 32-bit system calls use.
_WALKED = (
    "cgroup cgroup_subsys cgroup_subsys_state cred css_set dentry fdtable file files_struct group_info inet_sock "
    "inode iovec ipv6_pinfo kernel_siginfo kernfs_node linux_binprm list_head mm_struct mmsghdr mount nsproxy "
    "open_how path pid pid_namespace pollfd pt_regs qstr rlimit sembuf signal_struct sock sockaddr sockaddr_in "
    "sockaddr_in6 sockaddr_un socket super_block task_struct tty_driver tty_struct uid_gid_extent uid_gid_map "
    "unix_address unix_sock upid user_msghdr user_namespace vfsmount"
)
TYPES = tuple(_WALKED.split())

# Capabilities, by driver. An entry is met when one of its alternatives is.
CAPABILITIES = {
    "modern_ebpf": (("CAP_BPF", "CAP_SYS_ADMIN"), ("CAP_PERFMON", "CAP_SYS_ADMIN")),
    "kmod": (("CAP_SYS_MODULE",),),
    "ebpf": (("CAP_SYS_ADMIN",),),
}
# Falco starts without this one, but cannot read other users' processes in /proc.
CAPABILITY_PROC = "CAP_SYS_PTRACE"
# What a least-privileged Falco pod is given.
LEAST_PRIVILEGED = {
    "modern_ebpf": ("CAP_BPF", "CAP_PERFMON", "CAP_SYS_RESOURCE", "CAP_SYS_PTRACE"),
    "ebpf": ("CAP_SYS_ADMIN", "CAP_SYS_RESOURCE", "CAP_SYS_PTRACE"),
}

# Releases of Falco that do not get along with some kernels. Versions: first one hit, first one free (or None).
KNOWN_BAD = (
    {
        "driver": "modern_ebpf",
        "falco": ("0.44.0", "0.45.0"),
        "kernel": ((7, 0), None),
        "lazy_preemption": True,
        "status": "fail",
        "what": "the probe's auxiliary maps are overwritten under lazy preemption and Falco crashes",
        "remedy": "Use Falco 0.45.0 or newer, or boot with preempt=full.",
        "source": "falcosecurity/falco#3955",
    },
    {
        "driver": "modern_ebpf",
        "falco": ("0.43.0", "0.44.0"),
        "kernel": ((6, 19), (6, 20)),
        "lazy_preemption": False,
        "status": "warn",
        "what": "the verifier was reported to call a program too complex",
        "remedy": "Try Falco 0.44.1 or newer on one node first.",
        "source": "falcosecurity/falco#3829",
    },
    {
        "driver": "modern_ebpf",
        "falco": ("0.45.0", None),
        "kernel": ((0,), (5, 12)),
        "lazy_preemption": False,
        "status": "warn",
        "what": "without BPF atomics, which came with 5.12, the probe guards its auxiliary maps less and says so",
        "remedy": "Nothing has to be done; a newer kernel has them.",
        "source": "falcosecurity/libs#3086",
    },
)

# Distributions whose kernels the driver loader gives up on.
NO_KMOD_DISTRIBUTIONS = ("cos",)

BUFFER_PRESETS = {preset: (1 << 20) << (preset - 1) for preset in range(1, 11)}
AUXILIARY_MAP_BYTES = 128 * 1024
VERIFIER_LOG_BYTES = 16 * 1024 * 1024

SOURCES = {
    "architecture": "falcosecurity/libs@0.25.4:README.md",
    "kernel": "falcosecurity/libs@0.25.4:README.md",
    "capabilities": "falcosecurity/falco@0.44.1:chart/falco/templates/pod-template.tpl",
    "memlock": "falcosecurity/libs@0.25.4:userspace/libpman/src/configuration.c",
    "ring_buffer": "falcosecurity/libs@0.25.4:userspace/libpman/src/configuration.c",
    "maps": "falcosecurity/libs@0.25.4:driver/modern_bpf/maps/maps.h",
    "attach_points": "falcosecurity/libs@0.25.4:driver/modern_bpf/programs/attached",
    "helpers": "falcosecurity/libs@0.25.4:driver/modern_bpf/helpers",
    "toctou": "falcosecurity/libs@0.25.4:userspace/libpman/src/sc_set.c",
    "btf": "falcosecurity/libs@0.25.4:userspace/libpman/src/configuration.c",
    "inotify": "falcosecurity/falco@0.44.1:userspace/falco/app/restart_handler.cpp",
    "bpf": "torvalds/linux@v6.6:kernel/bpf/syscall.c",
    "user_namespace": "torvalds/linux@v6.6:kernel/bpf/syscall.c",
    "seccomp": "torvalds/linux@v6.6:kernel/seccomp.c",
    "lockdown": "torvalds/linux@v6.6:kernel/bpf/helpers.c",
    "memory": "falcosecurity/libs@0.25.4:userspace/libpman/src/ringbuffer.c",
    "lsm": "torvalds/linux@v6.6:security/selinux/hooks.c",
    "module_loading": "torvalds/linux@v6.6:kernel/module/main.c",
    "module_signature": "torvalds/linux@v6.6:kernel/module/signing.c",
    "kmod_artifact": "falcosecurity/falcoctl@v0.13.0:cmd/driver/driver_linux.go",
    "cos": "falcosecurity/falcoctl@v0.13.0:pkg/driver/distro/cos.go",
    "raw_tracepoint": "falcosecurity/libs@0.23.2:userspace/libscap/engine/bpf/scap_bpf.c",
    "perf_event_array": "falcosecurity/libs@0.23.2:userspace/libscap/engine/bpf/scap_bpf.c",
    "perf_buffer": "falcosecurity/libs@0.23.2:userspace/libscap/engine/bpf/scap_bpf.c",
    "process_table": "falcosecurity/libs@0.25.4:userspace/libscap/linux/scap_cgroup.c",
    "environment": "falcosecurity/libs@0.25.4:userspace/libpman/src/support_probing.c",
    "legacy_artifact": "falcosecurity/falco#3902",
    "removed": "falcosecurity/falco@0.44.0:CHANGELOG.md",
    "tracefs": "falcosecurity/falco#3726",
    "perf_event_paranoid": "falcosecurity/charts#921",
}


def version_tuple(text):
    """The first three numbers of a release such as 0.44.1-rc1; None when it is not one."""
    numbers = []
    for part in text.lstrip("v").split("-")[0].split("."):
        if not part.isdigit():
            return None
        numbers.append(int(part))
    return tuple(numbers[:3]) if len(numbers) >= 2 else None


def release_for(version):
    """The entry that holds for a release of Falco; None when it is older than the table or no release."""
    wanted = version_tuple(version)
    found = None
    for release in RELEASES:
        if wanted and wanted >= version_tuple(release["since"]):
            found = release
    return found


def tracepoints_for(release, machine):
    """Raw tracepoints the modern probe of a release needs on a machine."""
    names = TRACEPOINTS + TRACEPOINTS_OF_MACHINE.get(machine, ())
    return ((SYS_ENTER, *names)) if release["sys_enter"] else names


# include/uapi/linux/capability.h: the numbers of those that matter here.
_CAPABILITY_BITS = {
    "CAP_SYS_MODULE": 16,
    "CAP_SYS_PTRACE": 19,
    "CAP_SYS_ADMIN": 21,
    "CAP_SYS_RESOURCE": 24,
    "CAP_PERFMON": 38,
    "CAP_BPF": 39,
}


def capability_bits(names):
    return sum(1 << _CAPABILITY_BITS[name] for name in names)


def capability_names(bits):
    return {name for name, bit in _CAPABILITY_BITS.items() if bits >> bit & 1}
