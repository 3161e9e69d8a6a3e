# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings alert rules, contact points and our route in the policy tree to the declared state, in the one order that works.

Grafana refuses a route to a contact point that is missing, and the removal of one that is in use. So: contact points,
route, rules, and then what is no longer declared.
"""

from __future__ import annotations

import typing as t

from . import grafana_alert_rules as alert_rules
from . import grafana_contact_points as points
from . import grafana_notified as notified
from . import grafana_policy as policy
from . import grafana_proof_route as proof_route
from .grafana_alert_rules import DefinitionError
from .grafana_client import Grafana, GrafanaError, path
from .grafana_rule_group import RuleGroup

_API = ("v1", "provisioning")
# What is not locked in Grafana's pages has to be written with this header, what is locked without it.
_UNLOCKED = {"X-Disable-Provenance": "true"}


def lists() -> dict[str, list[str]]:
    """What becomes of rules or contact points, of none yet."""
    return {"created": [], "updated": [], "unchanged": [], "removed": []}


def _headers(found: dict | None) -> dict[str, str]:
    return {} if found and found.get("provenance") else _UNLOCKED


class Writer:
    """In check mode it only finds out."""

    def __init__(self, grafana: Grafana, params: dict[str, t.Any], check_mode: bool) -> None:
        self.grafana = grafana
        self.params = params
        self.owner = params["owner"]
        self.check_mode = check_mode
        # Seconds between two evaluations, by group.
        self.intervals = {params["group"]: params["interval_seconds"]}
        self.intervals |= {group["name"]: group["interval_seconds"] for group in params["more_groups"]}
        self.rules = {**lists(), "edited": []}
        self.contact_points = lists()
        self.policy = "absent"
        self.changed_groups: list[RuleGroup] = []
        self.warnings: list[str] = []
        self.diff: list[dict] = []

    @property
    def changed(self) -> bool:
        listed = any(
            part[key] for part in (self.rules, self.contact_points) for key in ("created", "updated", "removed")
        )
        return listed or bool(self.changed_groups) or self.policy in ("created", "updated", "removed")

    def run(self) -> None:
        """All reading and refusing comes before the first change."""
        present = self.params["state"] == "present"
        purge = self.params["purge"] or not present
        namespace = self.params["proof_namespace"] if present else None
        declared_points = self.params["contact_points"] if present else []
        declared_points = declared_points + proof_route.points(namespace, self.owner)
        rules = self._declared_rules() if present else []
        routes = proof_route.routes(namespace, self.owner)
        routes += [policy.build(self.params["policy"], self.owner)] if present and self.params["policy"] else []

        found_rules = self.grafana.get_list(
            path(*_API, "alert-rules"), "uid", "title", "folderUID", "ruleGroup", "data", absent=(404,)
        )
        if found_rules is None:
            if present:
                raise self._without_alerting()
            return
        found_points = self.grafana.get_list(path(*_API, "contact-points"), "uid", "name", "type", "settings")
        tree = policy.read(self.grafana)
        points.refuse_unusable(declared_points, found_points, self.owner)
        policy.refuse_unknown_targets(routes, tree, declared_points + found_points, self.grafana.url)
        point_writes = self._point_writes(declared_points, found_points)
        new_tree = self._changed_tree(tree, routes, purge)
        rule_writes = self._rule_writes(rules, found_rules)
        self._find_changed_intervals(rules, found_rules)
        gone_points = points.undeclared(declared_points, found_points, self.owner) if purge else []
        points.refuse_used(gone_points, found_rules, policy.contact_points(new_tree or tree), self.owner)
        self._warn_of_nobody(
            rules, policy.without_proof(new_tree or tree, self.owner), point_writes, found_points, gone_points
        )
        if new_tree:
            policy.confirm(self.grafana, tree)

        for body, found in point_writes:
            self._send("contact-points", body, found)
        if new_tree and not self.check_mode:
            self.grafana.request("PUT", path(*_API, "policies"), new_tree, headers=_headers(tree))
        for body, found in rule_writes:
            self._send("alert-rules", body, found)
        for group in self.changed_groups if not self.check_mode else []:
            group.set_interval(self.intervals[group.name], _UNLOCKED)
        if purge:
            self._purge_rules(rules, found_rules)
            self._purge_points(gone_points)

    def _warn_of_nobody(self, rules: list[dict], tree: dict, writes: list, found: list[dict], gone: list[dict]) -> None:
        """Warn of rules whose alerts reach nobody once everything is written."""
        written = [body for body, _current in writes]
        replaced = {point["uid"] for point in [*written, *gone]}
        after = written + [point for point in found if point["uid"] not in replaced]
        text = notified.warning(rules, tree, after, self.params["variables"])
        self.warnings = [text] if text else []

    def _declared_rules(self) -> list[dict]:
        folder, group = self.params["folder_uid"], self.params["group"]
        rules = alert_rules.build_all(self.params["rules"], folder, group, self.owner)
        unknown = sorted({rule["ruleGroup"] for rule in rules} - set(self.intervals))
        if unknown:
            raise DefinitionError(f"an alert rule is in the group {unknown[0]!r}, which more_groups does not have")
        return rules

    def _without_alerting(self) -> GrafanaError:
        return GrafanaError(
            f"Grafana at {self.grafana.url} cannot list its alert rules over its API: that needs Grafana 9.4 or newer, "
            "with unified alerting on."
        )

    def _point_writes(self, declared: list[dict], found: list[dict]) -> list[tuple[dict, dict | None]]:
        by_uid = {point["uid"]: point for point in found}
        writes = []
        for point in declared:
            current = by_uid.get(points.uid(point, self.owner))
            body = points.build(point, current, self.owner)
            if current and points.is_as_declared(current, body, point):
                self.contact_points["unchanged"].append(point["name"])
                continue
            self.contact_points["updated" if current else "created"].append(point["name"])
            secure = set(point["secure_settings"] or {})
            self._show(f"contact point {point['name']}", points.view(current, secure), points.view(body, secure))
            writes.append((body, current))
        return writes

    def _changed_tree(self, tree: dict, routes: list[dict], purge: bool) -> dict | None:
        ours = policy.has_ours(tree, self.owner)
        if not routes and not purge:
            self.policy = "unchanged" if ours else "absent"
            return None
        routes = routes if purge else policy.completed(routes, tree, self.owner)
        new_tree = policy.merged(tree, routes, self.owner)
        if new_tree is None:
            self.policy = "unchanged" if ours else "absent"
            return None
        if tree.get("provenance") == "file":
            raise GrafanaError(
                f"the notification policies of Grafana at {self.grafana.url} come from a provisioning file, so the API "
                f"cannot change them. Add a route for {alert_rules.OWNER_LABEL}={self.owner} there, and declare neither "
                f"{self.params['variables'].get('policy', 'policy')} nor {self.params['variables'].get('proof', 'proof_namespace')}."
            )
        self.policy = "removed" if not routes else "updated" if ours else "created"
        self._show("notification policy", {"routes": tree.get("routes") or []}, {"routes": new_tree["routes"]})
        return new_tree

    def _rule_writes(self, rules: list[dict], found: list[dict]) -> list[tuple[dict, dict | None]]:
        by_uid = {rule["uid"]: rule for rule in found}
        writes = []
        for body in rules:
            current = by_uid.get(body["uid"])
            if current and not alert_rules.is_ours(current, self.owner):
                self._refuse_foreign(current)
            if current and alert_rules.is_as_declared(current, body):
                self.rules["unchanged"].append(body["uid"])
                continue
            if current and alert_rules.mark(current) == alert_rules.mark(body):
                # We wrote this very declaration; somebody has changed it since.
                self.rules["edited"].append(body["uid"])
                if not self.params["restore_edits"]:
                    self.rules["unchanged"].append(body["uid"])
                    continue
            self.rules["updated" if current else "created"].append(body["uid"])
            self._show(f"alert rule {body['uid']}", alert_rules.view(current), alert_rules.view(body))
            writes.append((body, current))
        return writes

    def _refuse_foreign(self, current: dict) -> None:
        if (current.get("labels") or {}).get(alert_rules.OWNER_LABEL) == self.owner:
            # Ours, but for the mark: an edit in Grafana's pages took it away.
            return
        raise GrafanaError(
            f"Grafana at {self.grafana.url} already has an alert rule with the uid {current['uid']!r} "
            f"({current['title']!r}) without the label {alert_rules.OWNER_LABEL}={self.owner}. Give the declared one "
            "another uid, or remove the other."
        )

    def _find_changed_intervals(self, rules: list[dict], found: list[dict]) -> None:
        """Find the groups whose interval of evaluation has to be set."""
        for name, seconds in self.intervals.items():
            if name not in {rule["ruleGroup"] for rule in rules}:
                continue
            group = RuleGroup(self.grafana, self.params["folder_uid"], name)
            before = group.read()["interval"] if any(group.has(rule) for rule in found) else None
            if before != seconds:
                self.changed_groups.append(group)
                self._show(f"group {name}", {"interval": before} if before else {}, {"interval": seconds})

    def _send(self, kind: str, body: dict, found: dict | None) -> None:
        if self.check_mode:
            return
        name = body.get("title") or body["name"]
        try:
            if found:
                self.grafana.request("PUT", path(*_API, kind, body["uid"]), body, headers=_headers(found))
            else:
                self.grafana.request("POST", path(*_API, kind), body, headers=_headers(None))
        except GrafanaError as exc:
            raise GrafanaError(f"{kind} {name!r} was not saved: {exc}", exc.status) from exc

    def _purge_rules(self, declared: list[dict], found: list[dict]) -> None:
        keep = {rule["uid"] for rule in declared}
        for rule in found:
            if rule["uid"] in keep or not alert_rules.is_ours(rule, self.owner):
                continue
            self.rules["removed"].append(rule["uid"])
            self._show(f"alert rule {rule['uid']}", alert_rules.view(rule), {})
            self._delete("alert-rules", rule)

    def _purge_points(self, gone: list[dict]) -> None:
        for point in gone:
            self.contact_points["removed"].append(point["name"])
            self._show(f"contact point {point['name']}", points.view(point, set()), {})
            self._delete("contact-points", point)

    def _delete(self, kind: str, found: dict) -> None:
        if self.check_mode:
            return
        try:
            # 404: somebody was faster.
            self.grafana.request("DELETE", path(*_API, kind, found["uid"]), absent=(404,), headers=_headers(found))
        except GrafanaError as exc:
            name = found.get("title") or found["name"]
            raise GrafanaError(f"{kind} {name!r} was not removed: {exc}", exc.status) from exc

    def _show(self, header: str, before: dict, after: dict) -> None:
        self.diff.append({"before_header": header, "after_header": header, "before": before, "after": after})
