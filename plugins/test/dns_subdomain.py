# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def is_dns_subdomain(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 253 and SUBDOMAIN.fullmatch(value) is not None


class TestModule:
    def tests(self) -> dict:
        return {"dns_subdomain": is_dns_subdomain}
