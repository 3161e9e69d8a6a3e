# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def is_dns_label(value: object) -> bool:
    return isinstance(value, str) and LABEL.fullmatch(value) is not None


class TestModule:
    def tests(self) -> dict:
        return {"dns_label": is_dns_label}
