# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

from ansible_collections.runtime_security.kubernetes.plugins.test.dns_subdomain import is_dns_subdomain

NAME = re.compile(r"[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?")


def is_key(key: object) -> bool:
    if not isinstance(key, str):
        return False
    prefix, slash, name = key.rpartition("/")
    return NAME.fullmatch(name) is not None and (not slash or is_dns_subdomain(prefix))


def is_value(value: object) -> bool:
    return isinstance(value, str) and (value == "" or NAME.fullmatch(value) is not None)


def is_labels(value: object) -> bool:
    return isinstance(value, dict) and all(is_key(key) and is_value(text) for key, text in value.items())


class TestModule:
    def tests(self) -> dict:
        return {"labels": is_labels}
