# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


def loki_retention_streams(streams):
    return [
        {"selector": stream["selector"], "period": f"{int(stream['hours'])}h", "priority": len(streams) - place}
        for place, stream in enumerate(streams)
    ]


class FilterModule:
    """The filter of this file."""

    def filters(self):
        return {"loki_retention_streams": loki_retention_streams}
