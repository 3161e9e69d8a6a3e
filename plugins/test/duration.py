# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

DURATION = re.compile(r"([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?")


# Milliseconds of each unit, in the order of the pattern.
UNITS = (31_536_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1_000, 1)
# Prometheus and Go count nanoseconds in 64 bits.
MOST = 2**63 // 1_000_000


def is_duration(value: object) -> bool:
    match = DURATION.fullmatch(value) if isinstance(value, str) and len(value) <= 64 else None
    if match is None:
        return False
    counts = (int(re.sub("[a-z]", "", part or "0")) for part in match.groups())
    return 0 < sum(count * unit for count, unit in zip(counts, UNITS)) < MOST


class TestModule:
    def tests(self) -> dict:
        return {"duration": is_duration}
