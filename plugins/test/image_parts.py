# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

from ansible_collections.runtime_security.kubernetes.plugins.test.image_registries import PREFIX

PARTS = {
    "registry": PREFIX,
    "repository": re.compile(r"[a-z0-9]+([-._/]+[a-z0-9]+)*"),
    "tag": re.compile(r"[A-Za-z0-9_][-.A-Za-z0-9_]{0,127}"),
}


def is_image_parts(value: object) -> bool:
    return isinstance(value, dict) and all(
        key in PARTS and isinstance(text, str) and PARTS[key].fullmatch(text) is not None for key, text in value.items()
    )


class TestModule:
    def tests(self) -> dict:
        return {"image_parts": is_image_parts}
