# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Falco's first probe, up to 0.43: an object compiled for each kernel, raw tracepoints, per-CPU perf buffers."""

from . import checks, process_table
from .checks import AS_ROOT, check
from .kmod import headers_remedy

DRIVER = "ebpf"


def evaluate(node, options, release):
    if DRIVER not in release["drivers"]:
        observed = "Falco " + options["falco_version"]
        return [check("falco_version", "fail", observed, "Falco <= 0.43", "Use modern_ebpf or kmod.", "removed")]
    outcomes = node.outcome(DRIVER, "legacy")
    # Raw tracepoints came with 4.17; before, the probe takes plain ones.
    program = "tracepoint" if node.kernel and node.kernel < (4, 17) else "raw_tracepoint"
    return [
        checks.architecture(node, DRIVER),
        checks.environment(node),
        checks.kernel(node, DRIVER, None if outcomes is None else not outcomes[program]),
        checks.capabilities(node, DRIVER),
        checks.user_namespace(node),
        checks.seccomp(node, DRIVER),
        checks.lockdown(node, False),
        checks.memlock(node, DRIVER),
        _opens(node, outcomes, program, "a {0} program loads".format(program), "raw_tracepoint"),
        _opens(node, outcomes, "perf_event_array", "a perf event array can be made", "perf_event_array"),
        _opens(node, outcomes, "perf_event", "a perf buffer can be opened", "perf_buffer"),
        _artifact(node),
        checks.inotify(node, DRIVER),
        process_table.evaluate(node, DRIVER, release),
    ]


def _opens(node, outcomes, probe, required, name):
    outcome = (outcomes or {}).get(probe)
    if outcome is None:
        return checks.not_tried(node, DRIVER, name, required)
    if not outcome:
        return check(name, "ok", "had one", required)
    status = checks.refused(node, DRIVER, outcome)
    remedy = AS_ROOT if status == "unknown" else "See the checks above, and kernel.perf_event_paranoid."
    return check(name, status, checks.describe(outcome), required, remedy)


def _artifact(node):
    required = "falco-bpf.o for this kernel, or clang, llc and headers to build it"
    found = node.record.get("driver_files") or []
    commands = node.record.get("commands") or []
    tools = [name for name in ("clang", "llc") if name in commands]
    if "probe" in found:
        return check("driver_artifact", "ok", "/root/.falco/falco-bpf.o", required, "", "legacy_artifact")
    if "headers" in found and len(tools) == 2:
        return check("driver_artifact", "ok", "kernel headers, clang, llc", required, "", "legacy_artifact")
    parts = ["kernel headers"] if "headers" in found else []
    observed = "of these only: {0}".format(", ".join(parts + tools) or "none")
    return check("driver_artifact", "unknown", observed, required, headers_remedy(node), "legacy_artifact")
