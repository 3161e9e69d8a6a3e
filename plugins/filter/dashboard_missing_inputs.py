# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible.errors import AnsibleFilterError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_exports import (
    DefinitionError,
    missing,
)


def dashboard_missing_inputs(definitions, inputs):
    try:
        return missing(definitions, inputs)
    except DefinitionError as exc:
        raise AnsibleFilterError(f"dashboard_missing_inputs: {exc}") from exc


class FilterModule:
    def filters(self):
        return {"dashboard_missing_inputs": dashboard_missing_inputs}
