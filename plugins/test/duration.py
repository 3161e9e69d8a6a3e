# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

DURATION = re.compile(r"(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?")


def is_duration(value: object) -> bool:
    return isinstance(value, str) and DURATION.fullmatch(value) is not None and re.search("[1-9]", value) is not None


class TestModule:
    def tests(self) -> dict:
        return {"duration": is_duration}
