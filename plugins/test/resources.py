# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.test.labels import is_key
from ansible_collections.runtime_security.kubernetes.plugins.test.quantity import is_quantity


def is_amounts(value: object) -> bool:
    # Other than of a volume a container may have none of something.
    return isinstance(value, dict) and all(
        is_key(key) and (is_quantity(amount) or str(amount) == "0") for key, amount in value.items()
    )


def is_resources(value: object) -> bool:
    return (
        isinstance(value, dict)
        and not set(value) - {"requests", "limits"}
        and all(is_amounts(amounts) for amounts in value.values())
    )


class TestModule:
    def tests(self) -> dict:
        return {"resources": is_resources}
