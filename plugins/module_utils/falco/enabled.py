# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rules of a file Falco has, by its key rules."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco.exceptions import entries_of


def enabled_rules(text: str, disabled: dict[str, t.Any], enabled: dict[str, t.Any], without_tag: str = "") -> list[str]:
    """Names of a rules file's enabled rules in their order; the one list is applied first, then the other.

    >>> enabled_rules("[{rule: a, tags: [x]}, {rule: b, tags: [x, y]}]", {"tags": ["x"]}, {"names": ["b*"]})
    ['b']
    """
    return [
        str(entry["rule"])
        for entry in entries_of(text)
        if "rule" in entry
        and without_tag not in (entry.get("tags") or [])
        and (_chosen(entry, enabled) or not _chosen(entry, disabled))
    ]


def _chosen(rule: dict[str, t.Any], chosen: dict[str, t.Any]) -> bool:
    tags = set(rule.get("tags") or [])
    patterns = [".*".join(map(re.escape, name.split("*"))) for name in chosen.get("names") or []]
    return bool(tags & set(chosen.get("tags") or [])) or any(
        re.fullmatch(pattern, str(rule["rule"]), re.DOTALL) for pattern in patterns
    )
