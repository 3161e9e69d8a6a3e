# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Falco's kernel module: may modules be loaded, unsigned ones too, and is there one for this kernel?"""

from . import checks, process_table, requirements
from .checks import check

DRIVER = "kmod"
SIGNING_KEYS = ("var/lib/dkms/mok.pub", "var/lib/shim-signed/mok/MOK.der")


def evaluate(node, options, release):
    result = [
        checks.architecture(node, DRIVER),
        checks.environment(node),
        checks.kernel(node, DRIVER, None),
    ]
    result.extend(checks.known_bad(node, DRIVER, options["falco_version"]))
    return [
        *result,
        checks.capabilities(node, DRIVER),
        checks.user_namespace(node),
        _loading(node),
        _signature(node),
        _artifact(node),
        checks.inotify(node, DRIVER),
        process_table.evaluate(node, DRIVER, release),
    ]


def _loading(node):
    required = "the kernel loads modules"
    if node.record.get("falco_loaded"):
        return check("module_loading", "ok", "the falco module is loaded", required)
    outcome = node.outcome(DRIVER, "init_module")
    error = (outcome or {}).get("errno")
    if node.number("proc/sys/kernel/modules_disabled") == 1:
        remedy = "Boot again without kernel.modules_disabled=1; it cannot be taken back."
        return check("module_loading", "fail", "kernel.modules_disabled=1", required, remedy)
    if error == "ENOSYS":
        remedy = "Boot a kernel with CONFIG_MODULES, or use modern_ebpf."
        return check("module_loading", "fail", "no loadable modules in this kernel (ENOSYS)", required, remedy)
    if outcome is None:
        return checks.not_tried(node, DRIVER, "module_loading", required)
    if error in checks.PERMISSION and not _locked(node):
        if checks.lacks_only_effective(node, DRIVER):
            return check("module_loading", "unknown", error + " to this user", required, checks.AS_ROOT)
        remedy = "Give CAP_SYS_MODULE, and look for a seccomp filter or security module (LoadPin) that refuses it."
        return check("module_loading", "fail", error, required, remedy)
    return check("module_loading", "ok", "an image that is no module was turned down with {0}".format(error), required)


def _locked(node):
    return node.lockdown in ("integrity", "confidentiality")


def _signature(node):
    required = "unsigned modules load, or Falco's is signed with an enrolled key"
    if node.record.get("falco_loaded"):
        return check("module_signature", "ok", "the falco module is loaded", required)
    error = (node.outcome(DRIVER, "init_module") or {}).get("errno")
    reasons = []
    if node.text("sys/module/module/parameters/sig_enforce") in ("Y", "1"):
        reasons.append("module.sig_enforce is set")
    if _locked(node):
        reasons.append("lockdown is " + node.lockdown)
    if error == "EKEYREJECTED":
        reasons.append("an unsigned image was rejected")
    if node.record.get("secure_boot"):
        note = "Secure Boot is on"
    else:
        note = "Secure Boot is off" if node.record.get("secure_boot") is False else "Secure Boot not to be seen"
    if not reasons:
        return check("module_signature", "ok", "not enforced, " + note, required)
    observed = ", ".join([*reasons, note])
    remedy = "Sign falco.ko and enrol the key (mokutil --import /var/lib/dkms/mok.pub), or use modern_ebpf."
    if any(path in (node.record.get("paths") or []) for path in SIGNING_KEYS):
        observed += ", a signing key is here but whether it is enrolled is not to be seen"
        return check("module_signature", "unknown", observed, required, remedy)
    return check("module_signature", "fail", observed, required, remedy)


def _artifact(node):
    required = "falco.ko for this kernel, or headers to build it"
    found = node.record.get("driver_files") or []
    tools = ", ".join(node.record.get("commands") or []) or "no build tools"
    distribution = node.distribution[0]
    if node.record.get("falco_loaded"):
        return check("driver_artifact", "ok", "the falco module is loaded", required, "", "kmod_artifact")
    if distribution in requirements.NO_KMOD_DISTRIBUTIONS:
        remedy = "Use modern_ebpf: the driver loader never takes the module on this distribution."
        return check("driver_artifact", "fail", "distribution " + distribution, required, remedy, "cos")
    if "module" in found:
        return check("driver_artifact", "ok", "falco.ko installed", required, "", "kmod_artifact")
    if "headers" in found:
        return check("driver_artifact", "ok", "kernel headers, " + tools, required, "", "kmod_artifact")
    observed = "neither falco.ko nor headers under /lib/modules/{0}, {1}".format(node.release, tools)
    return check("driver_artifact", "unknown", observed, required, headers_remedy(node), "kmod_artifact")


def headers_remedy(node):
    """Where the headers are to be had; without them all depends on a driver built by others."""
    families = " ".join(node.distribution)
    package = "the kernel headers package"
    if "debian" in families or "ubuntu" in families:
        package = "linux-headers-" + node.release
    elif any(name in families for name in ("rhel", "fedora", "centos", "amzn")):
        package = "kernel-devel-" + node.release
    return "Install {0}, or make sure that the driver site has a prebuilt one for this kernel.".format(package)
