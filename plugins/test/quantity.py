# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

# Kubernetes counts in 64 bits: no number of more digits is one.
QUANTITY = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)(m|k|[MGTPE]|[KMGTPE]i)?")
POWERS = {"k": 1, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}


def is_quantity(value: object) -> bool:
    # YAML reads a plain number without a suffix as one.
    match = QUANTITY.fullmatch(str(value)) if not isinstance(value, bool) else None
    return match is not None and 0 < float(match.group(1)) * 1024 ** POWERS.get((match.group(2) or "m")[0], 0) < 2**63


class TestModule:
    def tests(self) -> dict:
        return {"quantity": is_quantity}
