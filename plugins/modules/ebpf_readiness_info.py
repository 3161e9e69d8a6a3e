#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: ebpf_readiness_info
short_description: Check whether Falco's drivers will run on a node, with reasons and fixes
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Checks for each driver of Falco whether it will start on this machine, under the restrictions in which the module
    runs.
  - Tries it if possible. Loads empty programs for the attach points of the given release of Falco, creates a ring buffer
    of the configured size, raises the limit of locked memory, opens the syscall tracepoints, and passes an invalid image
    to the module loader. All of it in a child process; nothing is attached, pinned or written.
  - Works on the running kernel, in a container or on the host. Needs only Python on the node.
extends_documentation_fragment:
  - runtime_security.kubernetes.readiness
  - runtime_security.kubernetes.reading
requirements:
  - Linux
options:
  host_root:
    description:
      - Where the host's file system is mounted when the check runs in a container, as in Falco's C(HOST_ROOT). Kernel
        headers, modules and the distribution's name are also read from there.
    type: path
    default: ''
  require:
    description:
      - Fail, with all reasons, if this driver is not ready; V(any) if none of O(drivers) is. An unknown verdict counts as
        not ready.
    type: str
    choices: [modern_ebpf, kmod, ebpf, any]
notes:
  - Run it as root (C(become)). Otherwise, checks without a result are V(unknown), never V(not_ready).
  - Needs Python 3.7 or newer on the node.
attributes:
  platform:
    description: Target operating systems that can be operated against.
    support: full
    platforms: linux
seealso:
  - module: runtime_security.kubernetes.ebpf_readiness_pods_info
  - name: Falco's drivers
    description: Falco's documentation of its drivers.
    link: https://falco.org/docs/concepts/event-sources/kernel/
"""

EXAMPLES = r"""
- name: Check whether Falco will run here
  runtime_security.kubernetes.ebpf_readiness_info:
  become: true
  register: readiness

- name: Show why the modern probe would not run
  ansible.builtin.debug:
    msg: "{{ readiness.drivers.modern_ebpf.reasons }}"

- name: Fail if a least-privileged Falco with 32 MiB buffers would not start
  runtime_security.kubernetes.ebpf_readiness_info:
    falco_version: 0.45.1
    require: modern_ebpf
    least_privilege: true
    buffer_preset: 6
  become: true

- name: Check for the last release with the first eBPF probe
  runtime_security.kubernetes.ebpf_readiness_info:
    falco_version: 0.43.1
    drivers: [modern_ebpf, ebpf]
  become: true
"""

RETURN = r"""
drivers:
  description: Results by driver.
  returned: always, except for wrong options
  type: dict
  contains:
    modern_ebpf:
      description: Results of this driver. V(kmod) and V(ebpf) have the same keys.
      returned: if it was requested
      type: dict
      contains:
        verdict:
          description: V(ready), V(not_ready), or V(unknown) if no check failed but one has no result.
          returned: always
          type: str
          sample: not_ready
        reasons:
          description: One line for each check that failed or is unknown; the first is the one to fix first.
          returned: always
          type: list
          elements: str
          sample:
            - >-
              memlock: EPERM, hard limit 8388608 bytes, CAP_SYS_RESOURCE is not available (required:
              setrlimit(RLIMIT_MEMLOCK, unlimited) succeeds). Give Falco CAP_SYS_RESOURCE, or start it with an unlimited
              hard limit (LimitMEMLOCK=infinity in the service, --ulimit memlock=-1 for a container).
        checks:
          description: All checks, in order of cause.
          returned: always
          type: list
          elements: dict
          contains:
            name:
              description: Name of the check.
              returned: always
              type: str
              sample: ring_buffer
            status:
              description: V(ok); V(warn), works with a loss or a risk; V(fail); V(unknown); V(skipped), depends on
                another check.
              returned: always
              type: str
              sample: ok
            observed:
              description: Observed value.
              returned: always
              type: str
              sample: created one
            required:
              description: Requirement of Falco.
              returned: always
              type: str
              sample: a ring buffer map of 8 MiB
            remedy:
              description: The fix; empty if there is nothing to do.
              returned: always
              type: str
              sample: ""
            source:
              description: Source of the requirement, as repository@tag:path or repository#thread.
              returned: always
              type: str
              sample: falcosecurity/libs@0.25.4:userspace/libpman/src/configuration.c
  sample: {}
recommended_driver:
  description: The first driver, in the order V(modern_ebpf), V(kmod), V(ebpf), that is ready; empty if none is.
  returned: always, except for wrong options
  type: str
  sample: modern_ebpf
falco_version:
  description: Release of Falco that was checked for.
  returned: always, except for wrong options
  type: str
  sample: 0.45.1
requirements_since:
  description: Release of Falco since which these requirements apply.
  returned: always, except for wrong options
  type: str
  sample: 0.44.0
host:
  description: Properties of the machine.
  returned: always, except for wrong options
  type: dict
  contains:
    architecture:
      description: Machine name of the kernel.
      returned: always
      type: str
      sample: x86_64
    kernel:
      description: Kernel release.
      returned: always
      type: str
      sample: 6.8.0-45-generic
    boot_id:
      description: Identity of the running kernel. Views from a host and from its containers share it.
      returned: always
      type: str
      sample: 5d2b5d8e-0f0c-4e43-b3a3-8b8a4b5f2c11
    distribution:
      description: C(ID) in the host's os-release.
      returned: always
      type: str
      sample: ubuntu
    container:
      description: Container engine of this process; empty if there is none.
      returned: always
      type: str
      sample: ""
    virtual_machine:
      description: Vendor and product of a virtual machine; empty if it is none or unknown.
      returned: always
      type: str
      sample: QEMU Standard PC (Q35 + ICH9, 2009)
    lockdown:
      description: V(none), V(integrity), V(confidentiality), or empty if not visible.
      returned: always
      type: str
      sample: integrity
    seccomp:
      description: Whether this process runs under a seccomp filter.
      returned: always
      type: bool
      sample: false
    perf_event_paranoid:
      description: C(kernel.perf_event_paranoid); null if not visible.
      returned: always
      type: int
      sample: 4
    unprivileged_bpf_disabled:
      description: C(kernel.unprivileged_bpf_disabled); null if not visible.
      returned: always
      type: int
      sample: 2
    secure_boot:
      description: Whether Secure Boot is on; null if not visible.
      returned: always
      type: bool
      sample: true
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import ebpf_readiness
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(ebpf_readiness)


if __name__ == "__main__":
    main()
