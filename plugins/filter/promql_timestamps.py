# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json


def promql_timestamps(timestamps, label):
    """A PromQL expression with one series for each name."""
    series = 'label_replace(vector({}), "{}", {}, "", "")'
    return " or ".join(
        series.format(int(seconds), label, json.dumps(name)) for name, seconds in sorted(timestamps.items())
    )


class FilterModule:
    """The filter of this file."""

    def filters(self):
        return {"promql_timestamps": promql_timestamps}
