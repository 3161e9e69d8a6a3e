# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that more than one driver needs.

A check is a dictionary. Its status is ok; warn: Falco works, with a loss or a risk; fail: it will not run; unknown:
that could not be determined; skipped: another check decides.
"""

from . import requirements
from .node import INITIAL_PID_NAMESPACE

PERMISSION = ("EPERM", "EACCES")
SIGSYS = 31
ALLOW_BPF = "Use a seccomp profile that allows bpf() and perf_event_open() for Falco."
AS_ROOT = "Run the module as root (become: true) to find out."


def check(name, status, observed, required, remedy="", source=""):
    return {
        "name": name,
        "status": status,
        # What a file holds is not always what it should.
        "observed": observed[:400],
        "required": required,
        "remedy": "" if status in ("ok", "skipped") else remedy,
        "source": requirements.SOURCES.get(source or name, source),
    }


def version_text(version):
    return ".".join(str(number) for number in version)


def not_tried(node, driver, name, required):
    """The check for a probe that has no outcome."""
    found = (node.record.get("probes") or {}).get(driver)
    error = found.get("error") if isinstance(found, dict) else None
    if error:
        remedy = "See the other checks for what stopped it."
        return check(name, "unknown", "not tried: {0}".format(error), required, remedy)
    return check(name, "unknown", "not tried", required, AS_ROOT)


def describe(outcome):
    """EPERM, or EINVAL and the end of the verifier's log."""
    return "{0}: {1}".format(outcome["errno"], _last_line(outcome["log"])) if outcome.get("log") else outcome["errno"]


def _last_line(log):
    lines = [line.strip() for line in log.splitlines() if line.strip() and not line.startswith("processed ")]
    return lines[-1][:200] if lines else ""


def refused(node, driver, outcome):
    """Status for a refusal: without the rights that could be had, it says nothing of the machine."""
    if outcome["errno"] in PERMISSION and not outcome.get("log") and lacks_only_effective(node, driver):
        return "unknown"
    return "fail"


def lacks_only_effective(node, driver, needed=None):
    """Whether this process is without rights that one started as root would have."""
    needed = needed or requirements.CAPABILITIES[driver]
    effective, attainable = node.effective, node.attainable
    if effective is None or attainable is None:
        return False
    return not meets(effective, needed) and meets(attainable, needed)


def meets(names, needed):
    return all(any(one in names for one in alternatives) for alternatives in needed)


def architecture(node, driver):
    machines = sorted(requirements.MINIMUM_KERNEL[driver])
    return check(
        "architecture",
        "ok" if node.machine in machines else "fail",
        node.machine,
        "one of " + ", ".join(machines),
        "Falco's {0} driver is not made for this machine; run Falco on others.".format(driver),
    )


def kernel(node, driver, works):
    """works: what really trying gave; True, False, or None when it could not be tried. It outweighs the number."""
    minimum = requirements.MINIMUM_KERNEL[driver].get(node.machine)
    if minimum is None:
        return check("kernel", "skipped", node.release, "a supported architecture")
    required = ">= " + version_text(minimum)
    if node.kernel is None:
        return check("kernel", "unknown", node.release, required, "The release is not a version; see the other checks.")
    if node.kernel >= minimum:
        return check("kernel", "ok", node.release, required)
    if works:
        remedy = "The vendor has back-ported what is needed; try Falco on one such node first."
        return check("kernel", "warn", node.release, required, remedy)
    status = "unknown" if works is None else "fail"
    return check("kernel", status, node.release, required, "Boot a kernel {0} or take another driver.".format(required))


def known_bad(node, driver, falco_version):
    """A check for each known clash of this Falco with kernels like this one."""
    falco = requirements.version_tuple(falco_version)
    for entry in requirements.KNOWN_BAD:
        if entry["driver"] != driver or not _within(
            falco, [end and requirements.version_tuple(end) for end in entry["falco"]]
        ):
            continue
        if node.kernel is None or not _within(node.kernel, entry["kernel"]):
            continue
        status = entry["status"]
        observed = "Falco {0} on {1}: {2}".format(falco_version, node.release, entry["what"])
        if entry["lazy_preemption"]:
            if node.lazy_preemption is False:
                continue
            if node.lazy_preemption is None:
                status = "unknown"
                observed += "; whether this kernel preempts lazily is not to be seen"
        yield check("known_bad_kernel", status, observed, "no known clash", entry["remedy"], entry["source"])


def _within(version, ends):
    first, after = ends
    return version >= first and (after is None or version < after)


def capabilities(node, driver):
    needed = requirements.CAPABILITIES[driver]
    required = ", ".join(" or ".join(alternatives) for alternatives in needed)
    names = node.attainable
    if names is None:
        return check("capabilities", "unknown", "/proc/self/status cannot be read", required, "Mount /proc.")
    lacking = [" or ".join(alternatives) for alternatives in needed if not meets(names, (alternatives,))]
    if lacking:
        remedy = "Add {0} to the capabilities of Falco's container or service.".format(", ".join(lacking))
        return check("capabilities", "fail", "cannot be had: " + ", ".join(lacking), required, remedy)
    if requirements.CAPABILITY_PROC not in names and driver != "kmod":
        remedy = "Add CAP_SYS_PTRACE, or processes of other users that ran before Falco stay without details."
        return check("capabilities", "warn", "cannot be had: CAP_SYS_PTRACE", required, remedy)
    return check("capabilities", "ok", ", ".join(sorted(names)), required)


def user_namespace(node):
    required = "the initial user namespace"
    inside = node.initial_user_namespace
    if inside is None:
        return check("user_namespace", "unknown", "/proc/self/uid_map cannot be read", required, "Mount /proc.")
    remedy = "Run Falco outside of user namespaces (hostUsers: true, no rootless engine)."
    observed = required if inside else "uid_map " + " ".join(node.text("proc/self/uid_map").split()[:3])
    return check("user_namespace", "ok" if inside else "fail", observed, required, remedy)


def environment(node):
    required = "the host's kernel, in a container or not"
    if node.gvisor:
        remedy = "Run Falco on the host; a gVisor sandbox has a kernel of its own without BPF and modules."
        return check("environment", "fail", "gVisor sandbox", required, remedy)
    parts = ["container ({0})".format(node.container) if node.container else "no container"]
    if node.wsl:
        parts.append("WSL 2")
    elif node.virtual_machine:
        parts.append("virtual machine ({0})".format(node.virtual_machine))
    if node.record.get("pid_namespace") not in (None, INITIAL_PID_NAMESPACE):
        parts.append("own PID namespace: BPF iterators stay off")
    return check("environment", "ok", ", ".join(parts), required)


def seccomp(node, driver):
    """The bpf() system call itself, apart from what it is asked to do."""
    required = "bpf() is let through and known"
    outcome = node.outcome(driver, "bpf_call")
    under = "a seccomp filter is set" if node.seccomp else "no seccomp filter"
    if outcome is None:
        if node.killed_by(driver) == SIGSYS:
            return check("seccomp", "fail", "the filter kills the caller of bpf()", required, ALLOW_BPF)
        return not_tried(node, driver, "seccomp", required)
    error = outcome.get("errno")
    if error == "ENOSYS":
        remedy = "Boot a kernel with CONFIG_BPF_SYSCALL, or use a seccomp profile that allows bpf()."
        return check("seccomp", "fail", "bpf() is not there (ENOSYS), " + under, required, remedy, "bpf")
    if error in PERMISSION:
        if not node.seccomp and node.initial_user_namespace is False:
            return check("seccomp", "skipped", "bpf() refused; see user_namespace", required)
        if lacks_only_effective(node, driver):
            return check("seccomp", "unknown", "bpf() refused to this user, " + under, required, AS_ROOT)
        if not meets(node.attainable or (), requirements.CAPABILITIES[driver][:1]):
            return check("seccomp", "skipped", "bpf() refused; see capabilities", required)
        remedy = ALLOW_BPF if node.seccomp else "Look for a security module that refuses bpf() (journal, audit log)."
        return check("seccomp", "fail", "bpf() refused ({0}), {1}".format(error, under), required, remedy)
    return check("seccomp", "ok", under, required)


def lockdown(node, works):
    """works: whether a program that reads kernel memory did load."""
    required = "none or integrity"
    mode = node.lockdown
    remedy = "Boot with lockdown=integrity or without; confidentiality forbids programs to read kernel memory."
    if mode == "confidentiality" and not works:
        return check("lockdown", "fail", mode, required, remedy)
    return check("lockdown", "ok", mode or "no lockdown to be seen", required)


def memlock(node, driver):
    required = "setrlimit(RLIMIT_MEMLOCK, unlimited) succeeds"
    limits = node.record.get("memlock") or []
    hard = limits[1] if len(limits) == 2 else None
    hard = "unlimited" if hard == -1 else "{0} bytes".format(hard)
    outcome = node.outcome(driver, "memlock")
    if outcome is None:
        return not_tried(node, driver, "memlock", required)
    if "errno" not in outcome:
        return check("memlock", "ok", "raised", required)
    observed = "{0}, hard limit {1}".format(outcome["errno"], hard)
    if lacks_only_effective(node, driver, (("CAP_SYS_RESOURCE",),)):
        return check("memlock", "unknown", observed + ", run without CAP_SYS_RESOURCE", required, AS_ROOT)
    remedy = (
        "Give Falco CAP_SYS_RESOURCE, or start it with an unlimited hard limit "
        "(LimitMEMLOCK=infinity in the service, --ulimit memlock=-1 for a container)."
    )
    return check("memlock", "fail", observed + ", CAP_SYS_RESOURCE cannot be had", required, remedy)


def inotify(node, driver):
    required = "an inotify instance can be had"
    outcome = node.outcome(driver, "inotify")
    if outcome is None:
        return not_tried(node, driver, "inotify", required)
    if "errno" not in outcome:
        return check("inotify", "ok", "made one", required)
    remedy = "Raise fs.inotify.max_user_instances (8192 does), or set watch_config_files to false."
    return check("inotify", "fail", outcome["errno"], required, remedy)
