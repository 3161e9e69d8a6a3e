# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the record of a machine means: kernel version, capabilities, limits, and what kind of machine it is.

Each property has an answer for a file that is missing or is nonsense: None, or the empty value.
"""

import re

from . import requirements

INITIAL_PID_NAMESPACE = "pid:[4026531836]"
GVISOR_VERSION = "Linux version 4.4.0 #1 SMP Sun Jan 10 15:06:54 PST 2016"
# Marks in the firmware's vendor and product.
VIRTUAL_MACHINES = (
    "QEMU|KVM|VMware|VirtualBox|Amazon EC2|Google Compute|Virtual Machine|Xen|OpenStack|Bochs|HVM domU|Firecracker"
)


class Node:
    def __init__(self, record, least=()):
        """least: the capabilities to evaluate with, instead of all that can be had."""
        self.record = record
        self.files = record.get("files") or {}
        self.machine = record.get("machine") or "unknown"
        self.release = record.get("release") or "unknown"
        self.least = least

    def text(self, path):
        value = self.files.get(path)
        return value.strip().strip("\0") if isinstance(value, str) else ""

    def number(self, path):
        try:
            return int(self.text(path).split()[0])
        except (ValueError, IndexError):
            return None

    @property
    def kernel(self):
        match = re.match(r"(\d{1,4})\.(\d{1,4})", self.release)
        return (int(match.group(1)), int(match.group(2))) if match else None

    def status(self, field):
        text = self.files.get("proc/self/status") or ""
        match = re.search(r"^{0}:[ \t]*([0-9a-fA-F]+)[ \t]*$".format(field), text, re.M)
        return match.group(1) if match else None

    def _capabilities(self, field):
        text = self.status(field)
        return None if text is None else requirements.capability_names(int(text[-16:], 16))

    @property
    def effective(self):
        """Capabilities this process uses now; None when not to be seen."""
        return self._limited(self._capabilities("CapEff"))

    @property
    def attainable(self):
        """Capabilities a process started here can ever have; None when not to be seen."""
        return self._limited(self._capabilities("CapBnd"))

    def _limited(self, names):
        return names if names is None or not self.least else names & set(self.least)

    @property
    def initial_user_namespace(self):
        fields = self.text("proc/self/uid_map").split()
        return fields == ["0", "0", "4294967295"] if fields else None

    @property
    def seccomp(self):
        return self.status("Seccomp") == "2"

    @property
    def lockdown(self):
        """none, integrity, confidentiality, or None when not to be seen."""
        match = re.search(r"\[(\w+)\]", self.text("sys/kernel/security/lockdown"))
        return match.group(1) if match else None

    @property
    def lazy_preemption(self):
        """Whether the kernel preempts lazily; None when that cannot be determined."""
        match = re.search(r"\((\w+)\)", self.text("sys/kernel/debug/sched/preempt"))
        match = match or re.search(r"(?:^|\s)preempt=(\w+)", self.text("proc/cmdline"))
        if match:
            return match.group(1) == "lazy"
        config = self.record.get("kernel_config") or []
        return "CONFIG_PREEMPT_LAZY=y" in config if config else None

    def cpus(self, kind):
        """Number of online or possible processors, at least one."""
        count = 0
        for part in self.text("sys/devices/system/cpu/" + kind).split(","):
            match = re.match(r"(\d{1,5})(?:-(\d{1,5}))?$", part.strip())
            if match:
                count += max(0, int(match.group(2) or match.group(1)) - int(match.group(1))) + 1
        return max(count, 1)

    @property
    def memory_available(self):
        """Bytes that can be had, of the machine or of its memory cgroup; None when not to be seen."""
        amounts = []
        match = re.search(r"^MemAvailable:\s+(\d{1,18}) kB$", self.files.get("proc/meminfo") or "", re.M)
        if match:
            amounts.append(int(match.group(1)) * 1024)
        for path in ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"):
            limit = self.number(path)
            if limit is not None and limit > 0:
                amounts.append(limit)
        return min(amounts) if amounts else None

    @property
    def container(self):
        """The container engine's name, 'container' when it has none to tell, or '' outside of one."""
        environment = self.files.get("proc/1/environ") or ""
        match = re.search(r"(?:^|\0)container=([\w.-]{1,40})", environment)
        if match:
            return match.group(1)
        if re.search(r"(?:^|\0)KUBERNETES_(?:SERVICE|PORT)", environment):
            return "kubernetes"
        if self.text("run/systemd/container"):
            return self.text("run/systemd/container")[:40]
        paths = self.record.get("paths") or []
        if ".dockerenv" in paths:
            return "docker"
        return "container" if "run/.containerenv" in paths else ""

    @property
    def virtual_machine(self):
        """What the firmware calls the machine when it is a virtual one, else ''."""
        name = " ".join(self.text("sys/class/dmi/id/" + part) for part in ("sys_vendor", "product_name")).strip()
        return name[:80] if re.search(VIRTUAL_MACHINES, name) else ""

    @property
    def gvisor(self):
        return self.text("proc/version").startswith(GVISOR_VERSION)

    @property
    def wsl(self):
        return "microsoft" in self.release.lower()

    @property
    def distribution(self):
        """(id, id_like) of the host's operating system, where it is mounted, else of the one seen here."""
        values = {}
        text = self.record.get("host_os_release") or self.files.get("etc/os-release") or ""
        for line in text.splitlines():
            name, _sign, value = line.partition("=")
            values[name.strip()] = value.strip().strip("\"'")
        return values.get("ID", ""), values.get("ID_LIKE", "")

    def outcome(self, driver, name):
        """What a probe found: a dictionary, or None when it was not made or did not end."""
        found = (self.record.get("probes") or {}).get(driver)
        outcome = found.get(name) if isinstance(found, dict) else None
        return outcome if isinstance(outcome, dict) and "error" not in outcome else None

    def killed_by(self, driver):
        """Number of the signal that ended the driver's probes; None when none did."""
        found = (self.record.get("probes") or {}).get(driver)
        return found.get("signal") if isinstance(found, dict) else None
