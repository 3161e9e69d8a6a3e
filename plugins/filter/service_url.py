# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_service import service_url


class FilterModule:
    """The filter of this file."""

    def filters(self):
        return {"service_url": lambda service, nodes: service_url(service, lambda: nodes)}
