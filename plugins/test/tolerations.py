# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.test.labels import is_key, is_value

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def is_toleration(item: object) -> bool:
    if not isinstance(item, dict) or set(item) - {"key", "operator", "value", "effect", "tolerationSeconds"}:
        return False
    operator, effect, seconds = item.get("operator", "Equal"), item.get("effect"), item.get("tolerationSeconds", 0)
    return (
        (is_key(item["key"]) if item.get("key") else operator == "Exists")
        and (is_value(item.get("value", "")) if operator == "Equal" else operator == "Exists" and not item.get("value"))
        and effect in ("", None, *EFFECTS)
        and isinstance(seconds, int)
        and not isinstance(seconds, bool)
        and ("tolerationSeconds" not in item or effect == "NoExecute")
    )


def is_tolerations(value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(is_toleration(item) for item in value)


class TestModule:
    def tests(self) -> dict:
        return {"tolerations": is_tolerations}
