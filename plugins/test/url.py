# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

PORT = re.compile(r":(\d{1,5})\Z")
# A host name, an IPv4 address, or an IPv6 address in brackets.
HOST = re.compile(r"(?:[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])")


def is_url(value: object, schemes: list[str] | tuple[str, ...] = ("http", "https")) -> bool:
    if not isinstance(value, str) or len(value) > 2048 or re.search(r"[^!-~]|[<>\"\\^`{|}]", value):
        return False
    scheme, colon, rest = value.partition("://")
    if not colon or scheme not in schemes:
        return False
    place = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]
    port = PORT.search(place)
    if port and not 1 <= int(port.group(1)) <= 65535:
        return False
    return HOST.fullmatch(place[: port.start()] if port else place) is not None


class TestModule:
    def tests(self) -> dict:
        return {"url": is_url}
