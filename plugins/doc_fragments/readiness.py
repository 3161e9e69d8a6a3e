# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options of the readiness check, on this machine and in pods; module_utils/ebpf/options.py has the same."""

    DOCUMENTATION = r"""
options:
  falco_version:
    description: Release of Falco to check for, V(0.38.0) or newer. The requirements differ by release.
    type: str
    default: 0.45.1
  drivers:
    description: Drivers to check; by default all of the release. V(ebpf) is the first eBPF probe, removed in 0.44.0.
    type: list
    elements: str
    choices: [modern_ebpf, kmod, ebpf]
  least_privilege:
    description:
      - Check for the reduced capabilities of the chart's C(leastPrivileged) instead of a privileged Falco. The checks run
        with only these.
      - Does not apply to V(kmod), which the chart always runs privileged.
    type: bool
    default: false
  buffer_preset:
    description: Falco's C(buf_size_preset), from V(1) (1 MiB for each buffer) to V(10) (512 MiB). V(4) is 8 MiB.
    type: int
    default: 4
  cpus_for_each_buffer:
    description:
      - Falco's C(cpus_for_each_buffer). The number of online processors that share a ring buffer; V(0) for one buffer in
        total.
    type: int
    default: 2
"""
