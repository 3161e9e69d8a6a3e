# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Falco's modern probe: CO-RE programs on raw tracepoints, ring buffers. In the order in which it starts."""

from . import checks, process_table, requirements
from .checks import AS_ROOT, check

DRIVER = "modern_ebpf"


def evaluate(node, options, release):
    # Causes come before what follows from them, so that the first failure is the one to correct.
    result = [
        checks.architecture(node, DRIVER),
        checks.environment(node),
        checks.kernel(node, DRIVER, _works(node)),
    ]
    result.extend(checks.known_bad(node, DRIVER, options["falco_version"]))
    result += [
        checks.capabilities(node, DRIVER),
        checks.user_namespace(node),
        checks.seccomp(node, DRIVER),
        checks.lockdown(node, node.outcome(DRIVER, "helpers") == {}),
        checks.memlock(node, DRIVER),
        _btf(node, release),
        _ring_buffer(node, options),
        _maps(node),
        _attach_points(node, release),
        _helpers(node),
        _lsm(node),
    ]
    if release["toctou"]:
        result.append(_toctou(node))
    result += [_memory(node, options, release), checks.inotify(node, DRIVER)]
    return [*result, process_table.evaluate(node, DRIVER, release)]


def _works(node):
    """Whether the two things that came with kernel 5.8 were had by trying; None when that could not be tried."""
    ring, points = node.outcome(DRIVER, "ring_buffer"), node.outcome(DRIVER, "attach_points")
    if ring == {} and points and not any(points.values()):
        return True
    refusals = [outcome for outcome in [ring, *list((points or {}).values())] if outcome]
    # How a kernel says that it does not know a map type, a program type, or the attributes of one.
    return False if any(outcome["errno"] in ("EINVAL", "E2BIG", "ENOSYS") for outcome in refusals) else None


def _btf(node, release):
    wanted = requirements.tracepoints_for(release, node.machine)
    required = "/sys/kernel/btf/vmlinux with {0} tracepoints and {1} types".format(len(wanted), len(requirements.TYPES))
    found = node.record.get("btf") or {"error": "not read"}
    if "error" in found:
        if found.get("missing"):
            remedy = "Boot a kernel built with CONFIG_DEBUG_INFO_BTF=y; distributions have it since about 2021."
            observed = "no such file"
            if "CONFIG_DEBUG_INFO_BTF=y" in (node.record.get("kernel_config") or []):
                observed += ", though the kernel is built with CONFIG_DEBUG_INFO_BTF"
                remedy = "Mount sysfs (/sys) where Falco runs."
            return check("btf", "fail", observed, required, remedy)
        return check("btf", "unknown", found["error"], required, "Look at the file with bpftool btf dump.")
    missing = [name for name in wanted if name not in found["tracepoints"]]
    missing += [name for name in requirements.TYPES if name not in found["types"]]
    if missing:
        remedy = "The kernel's build left these out; take a distribution kernel or another driver."
        return check("btf", "fail", "missing: " + ", ".join(missing), required, remedy)
    return check("btf", "ok", "{0} bytes, all found".format(found["bytes"]), required)


def _ring_buffer(node, options):
    size = requirements.BUFFER_PRESETS[options["buffer_preset"]]
    required = "a ring buffer map of {0} MiB".format(size >> 20)
    outcome = node.outcome(DRIVER, "ring_buffer")
    if outcome is None:
        return checks.not_tried(node, DRIVER, "ring_buffer", required)
    if not outcome:
        return check("ring_buffer", "ok", "made one", required)
    remedy = "See the checks above: a kernel >= 5.8 gives it to a privileged process."
    if outcome["errno"] == "ENOMEM":
        remedy = "Free memory, or choose a smaller buffer_preset."
    status = checks.refused(node, DRIVER, outcome)
    return check("ring_buffer", status, checks.describe(outcome), required, AS_ROOT if status == "unknown" else remedy)


def _several(node, name, outcomes, required, remedy):
    """One check for outcomes by name."""
    if outcomes is None:
        return checks.not_tried(node, DRIVER, name, required)
    bad = sorted(one for one in outcomes if outcomes[one])
    if not bad:
        return check(name, "ok", "{0} of {0}".format(len(outcomes)), required)
    statuses = {checks.refused(node, DRIVER, outcomes[one]) for one in bad}
    status = "fail" if "fail" in statuses else "unknown"
    causes = sorted({checks.describe(outcomes[one]) for one in bad})
    observed = "{0} of {1} refused ({2}): {3}".format(len(bad), len(outcomes), ", ".join(bad), "; ".join(causes)[:300])
    return check(name, status, observed, required, AS_ROOT if status == "unknown" else remedy)


def _maps(node):
    required = "program array, array that can be mapped, array of ring buffers"
    remedy = "See the checks above: a kernel >= 5.8 gives these to a privileged process."
    return _several(node, "maps", node.outcome(DRIVER, "maps"), required, remedy)


def _attach_points(node, release):
    required = "a program loads for each of: " + ", ".join(requirements.tracepoints_for(release, node.machine))
    outcomes = node.outcome(DRIVER, "attach_points")
    if outcomes == {}:
        return check("attach_points", "skipped", "no BTF ids to load with; see btf", required)
    remedy = "See the checks above; with none failing, the verifier's words say what the kernel does not accept."
    return _several(node, "attach_points", outcomes, required, remedy)


def _helpers(node):
    required = "a program with the helper functions the probe calls loads"
    outcome = node.outcome(DRIVER, "helpers")
    if outcome is None or (node.outcome(DRIVER, "attach_points") or {}).get("sys_exit"):
        return check("helpers", "skipped", "not tried; see btf, maps, ring_buffer and attach_points", required)
    remedy = "The kernel lacks the helper function named, or lockdown forbids it."
    return _several(node, "helpers", {"program": outcome}, required, remedy)


def _lsm(node):
    """Security modules: named, and blamed only for a refusal that nothing else explains."""
    required = "no security module refuses BPF"
    names = node.text("sys/kernel/security/lsm")
    parts = [names or "list not to be seen"]
    if node.text("sys/fs/selinux/enforce") == "1":
        parts.append("SELinux enforcing")
    profile = node.text("proc/self/attr/current")
    if profile:
        parts.append("profile " + profile[:80])
    outcomes = [node.outcome(DRIVER, "ring_buffer"), *list((node.outcome(DRIVER, "attach_points") or {}).values())]
    denied = any(outcome and outcome["errno"] == "EACCES" and not outcome.get("log") for outcome in outcomes)
    remedy = "Allow BPF in the policy (SELinux class bpf), or set the pod's AppArmor profile to Unconfined."
    return check("lsm", "fail" if denied else "ok", ", ".join(parts), required, remedy)


def _toctou(node):
    """Falco goes on without these when they are missing (ENOENT), and stops on any other refusal."""
    required = "syscall tracepoints can be opened for the guard against argument rewriting"
    outcomes = node.outcome(DRIVER, "toctou")
    if outcomes is None:
        return checks.not_tried(node, DRIVER, "toctou", required)
    if not any(outcomes.values()):
        return check("toctou", "ok", "{0} of {0}".format(len(outcomes)), required)
    errors = {name: outcome["errno"] for name, outcome in outcomes.items() if outcome}
    observed = ", ".join("{0} {1}".format(name, errors[name]) for name in sorted(errors))
    if set(errors.values()) == {"ENOENT"}:
        if len(errors) < len(outcomes):
            # open and creat have no system call of their own on newer architectures
            remedy = "None needed: this architecture has no such system calls."
            if node.machine == "x86_64":
                remedy = "Boot a kernel with CONFIG_FTRACE_SYSCALLS."
            return check("toctou", "warn", observed, required, remedy)
        remedy = "Mount tracefs at /sys/kernel/tracing; in a pod, the chart's driver.sysfsMountPath shows it to Falco."
        observed = "not found in tracefs: " + ", ".join(sorted(errors))
        return check("toctou", "warn", observed, required, remedy, "tracefs")
    paranoid = node.number("proc/sys/kernel/perf_event_paranoid")
    observed += "; kernel.perf_event_paranoid={0}".format(paranoid)
    if lacks_root(node):
        return check("toctou", "unknown", observed, required, AS_ROOT)
    remedy = "Set kernel.perf_event_paranoid to 2 or less, or give Falco CAP_SYS_ADMIN (leastPrivileged: false)."
    return check("toctou", "fail", observed, required, remedy, "perf_event_paranoid")


def lacks_root(node):
    """Not root, though it could be had: tracefs is then closed, whatever the capabilities."""
    return checks.lacks_only_effective(node, DRIVER) or node.record.get("uid") not in (0, None)


def _memory(node, options, release):
    online, possible = node.cpus("online"), node.cpus("possible")
    per_buffer = options["cpus_for_each_buffer"] or online
    buffers = -(-online // min(per_buffer, online))
    need = buffers * requirements.BUFFER_PRESETS[options["buffer_preset"]]
    need += release["auxiliary_maps"] * possible * requirements.AUXILIARY_MAP_BYTES + requirements.VERIFIER_LOG_BYTES
    required = "{0} MiB for {1} ring buffers on {2} processors".format(-(-need >> 20), buffers, online)
    available = node.memory_available
    if available is None:
        return check("memory", "skipped", "available memory not to be seen", required)
    remedy = "Free memory, raise the limit, choose a smaller buffer_preset or more cpus_for_each_buffer."
    return check("memory", "ok" if available >= need else "fail", "{0} MiB".format(available >> 20), required, remedy)
