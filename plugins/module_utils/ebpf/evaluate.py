# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the record of a machine to a verdict for each driver."""

from . import kmod, legacy_ebpf, modern_ebpf, requirements
from .node import Node

# In the order in which Falco's own driver loader prefers them.
DRIVERS = (("modern_ebpf", modern_ebpf.evaluate), ("kmod", kmod.evaluate), ("ebpf", legacy_ebpf.evaluate))


def verdict(checks):
    statuses = {check["status"] for check in checks}
    if "fail" in statuses:
        return "not_ready"
    return "unknown" if "unknown" in statuses else "ready"


def reasons(checks):
    """One line for each check that keeps the driver from being ready, failures first."""
    lines = []
    for status in ("fail", "unknown"):
        for check in checks:
            if check["status"] == status:
                lines.append("{name}: {observed} (required: {required}). {remedy}".format(**check))
    return lines


def evaluate(record, options):
    release = requirements.release_for(options["falco_version"])
    drivers = {}
    for name, driver in DRIVERS:
        if name not in options["drivers"]:
            continue
        least = requirements.LEAST_PRIVILEGED.get(name, ()) if options["least_privilege"] else ()
        checks = driver(Node(record, least), options, release)
        drivers[name] = {"verdict": verdict(checks), "reasons": reasons(checks), "checks": checks}
    ready = [name for name, driver in DRIVERS if name in drivers and drivers[name]["verdict"] == "ready"]
    return {
        "drivers": drivers,
        "recommended_driver": ready[0] if ready else "",
        "requirements_since": release["since"],
        "host": _host(Node(record)),
    }


def _host(node):
    return {
        "architecture": node.machine,
        "kernel": node.release,
        "boot_id": node.text("proc/sys/kernel/random/boot_id"),
        "distribution": node.distribution[0],
        "container": node.container,
        "virtual_machine": node.virtual_machine,
        "lockdown": node.lockdown or "",
        "seccomp": node.seccomp,
        "perf_event_paranoid": node.number("proc/sys/kernel/perf_event_paranoid"),
        "unprivileged_bpf_disabled": node.number("proc/sys/kernel/unprivileged_bpf_disabled"),
        "secure_boot": node.record.get("secure_boot"),
    }
