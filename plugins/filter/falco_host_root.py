# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.falco_host_root import host_root_values


def falco_host_root(values, found):
    """Give Falco the /proc that node_host_proc found."""
    return host_root_values(values, found.get("proc") or "/proc", found.get("init") or "")


class FilterModule:
    """The filter of this file."""

    def filters(self):
        return {"falco_host_root": falco_host_root}
