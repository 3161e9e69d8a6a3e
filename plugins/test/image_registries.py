# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

HOST = r"[A-Za-z0-9]([-.A-Za-z0-9]*[A-Za-z0-9])?(:[0-9]{1,5})?"
REGISTRY = re.compile(HOST)
# Above the image's own path: container runtimes take lower case there.
PREFIX = re.compile(HOST + r"(/[a-z0-9]+([-._]+[a-z0-9]+)*)*")


def is_image_registries(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(text, str) and pattern.fullmatch(text) is not None
        for item in value.items()
        for text, pattern in zip(item, (REGISTRY, PREFIX))
    )


class TestModule:
    def tests(self) -> dict:
        return {"image_registries": is_image_registries}
