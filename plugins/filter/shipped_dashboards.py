# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

_FILE = re.compile(r"dashboards/(runtime-security-events|log-explorer|pipeline-health|api-audit)[.]json")


def shipped_dashboards(dashboards):
    """The uids of the files of the role grafana_wiring that are in its list, each once."""
    paths = [entry if isinstance(entry, str) else entry.get("path", "") for entry in dashboards]
    found = [_FILE.fullmatch(path) for path in paths]
    return list(dict.fromkeys(match.group(1) for match in found if match))


class FilterModule:
    """The filter of this file."""

    def filters(self):
        return {"shipped_dashboards": shipped_dashboards}
