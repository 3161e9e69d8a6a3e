# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64

# Alertmanager's first API, which the chart still asks for, ended with Alertmanager 0.27.
DEFAULTS = {"alertmanager": {"endpoint": "/api/v2/alerts"}}


def falcosidekick_environment(outputs):
    """Data of a Secret with the variables of falcosidekick's outputs."""
    data = {}
    for output, settings in outputs.items():
        for key, value in {**DEFAULTS.get(output, {}), **(settings or {})}.items():
            if value is not None and value != "":
                text = str(value).lower() if isinstance(value, bool) else str(value)
                data[f"{output}_{key}".upper()] = base64.b64encode(text.encode()).decode()
    return data


class FilterModule:
    """The filter of this file."""

    def filters(self):
        return {"falcosidekick_environment": falcosidekick_environment}
