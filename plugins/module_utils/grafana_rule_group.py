# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often a group of alert rules is evaluated. Grafana writes a group as a whole: a rule that is not sent is deleted."""

from __future__ import annotations

from .grafana_client import Grafana, GrafanaError, path

_API = ("v1", "provisioning")


class RuleGroup:
    """One group of a folder; others may have rules in it."""

    def __init__(self, grafana: Grafana, folder: str, name: str) -> None:
        self.grafana = grafana
        self.folder = folder
        self.name = name
        self._path = path(*_API, "folder", folder, "rule-groups", name)

    def has(self, rule: dict) -> bool:
        """True if the rule is in this group."""
        return rule.get("folderUID") == self.folder and rule.get("ruleGroup") == self.name

    def read(self) -> dict:
        """Interval and rules."""
        return self.grafana.get_object(self._path, "interval", "rules")

    def set_interval(self, seconds: int, headers: dict[str, str]) -> None:
        """Send the whole group back with another interval, if both questions know the same rules in it."""
        group = self.read()
        rules = self.grafana.get_list(path(*_API, "alert-rules"), "uid", "folderUID", "ruleGroup")
        listed = {rule["uid"] for rule in rules if self.has(rule)}
        found = {rule.get("uid") for rule in group["rules"]} if isinstance(group["rules"], list) else set()
        if not listed or listed != found:
            raise GrafanaError(
                f"group: Grafana at {self.grafana.url} does not tell which rules are in the group {self.name!r}: its lists differ "
                f"({len(listed)} and {len(found)}). Its interval was not set, as that deletes rules that are not sent. Fix: run again."
            )
        locked = any(rule.get("provenance") for rule in group["rules"])
        self.grafana.request("PUT", self._path, {**group, "interval": seconds}, headers={} if locked else headers)
