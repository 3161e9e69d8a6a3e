# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

QUANTITY = re.compile(r"(\d+(?:\.\d+)?)(?:m|k|[MGTPE]|[KMGTPE]i)?")


def is_quantity(value: object) -> bool:
    # YAML reads a plain number without a suffix as one.
    match = QUANTITY.fullmatch(str(value)) if not isinstance(value, bool) else None
    return match is not None and float(match.group(1)) > 0


class TestModule:
    def tests(self) -> dict:
        return {"quantity": is_quantity}
