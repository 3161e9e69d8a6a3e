# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/api/v1/provisioning. Sources: pkg/services/ngalert/api/api_provisioning.go at v10.0.0, a recording of that release,
and docs/sources/developers/http_api/alerting_provisioning.md."""

from __future__ import annotations

import copy
import typing as t

from .answers import NOW, Answer, error
from .folders import Folders
from .releases import Release

_BASE = "/api/v1/provisioning"
_REDACTED = "[REDACTED]"
# Which settings Grafana keeps as secrets: pkg/services/ngalert/notifier/channels_config/available_channels.go.
_SECRETS = {
    "webhook": ("password", "authorization_credentials"),
    "slack": ("url", "token"),
    "pagerduty": ("integrationKey",),
    "email": (),
}
_QUERY = {"queryType": "", "relativeTimeRange": {"from": 0, "to": 0}}
_MODEL = {"intervalMs": 1000, "maxDataPoints": 43200}
_EXISTS = "receiver configuration with UID '{0}' already exist in contact point '{1}'. "
_EXISTS += "Please use unique identifiers for receivers across all contact points"


def _provenance(request: t.Any) -> str:
    # pkg/services/ngalert/api/provisioning.go: the header's mere presence counts.
    return "" if request.headers["X-Disable-Provenance"] is not None else "api"


def _with_provenance(thing: dict, provenance: str) -> dict:
    return {**thing, "provenance": provenance} if provenance else thing


class Alerting:
    """Rules by uid, intervals by (folder, group), contact points by uid, and the policy tree of one Grafana."""

    def __init__(self, release: Release, folders: Folders) -> None:
        self._release = release
        folders.kept_by = self._is_used
        self.rules: dict[str, dict] = {}
        self.intervals: dict[tuple[str, str], int] = {}
        settings = {"addresses": "<example@email.com>"}
        default = {"uid": "", "name": "grafana-default-email", "type": "email", "settings": settings}
        self.contact_points: dict[str, dict] = {"": default}
        self.policies: dict = {"receiver": "grafana-default-email", "group_by": ["grafana_folder", "alertname"]}

    def routes(self) -> list[tuple[str, str, t.Callable]]:
        """Method, path and handler."""
        rule, point = f"{_BASE}/alert-rules/([^/]+)", f"{_BASE}/contact-points/([^/]+)"
        group = f"{_BASE}/folder/([^/]+)/rule-groups/([^/]+)"
        return [
            ("GET", f"{_BASE}/alert-rules", lambda request: Answer(200, [*self.rules.values()])),
            ("POST", f"{_BASE}/alert-rules", self._create_rule),
            ("GET", rule, self._read_rule),
            ("PUT", rule, self._update_rule),
            ("DELETE", rule, self._delete_rule),
            ("GET", group, self._read_group),
            ("PUT", group, self._write_group),
            ("GET", f"{_BASE}/contact-points", self._read_points),
            ("POST", f"{_BASE}/contact-points", self._create_point),
            ("PUT", point, self._update_point),
            ("DELETE", point, self._delete_point),
            ("GET", f"{_BASE}/policies", lambda request: Answer(200, self.policies)),
            ("PUT", f"{_BASE}/policies", self._write_policies),
        ]

    def _is_used(self, uid: str) -> bool:
        return any(rule["folderUID"] == uid for rule in self.rules.values())

    def _read_rule(self, request: t.Any) -> Answer:
        rule = self.rules.get(request.names[0])
        return Answer(200, rule) if rule else Answer(404, None)

    def _store_rule(self, body: dict, provenance: str, model: dict = _MODEL) -> dict:
        before = self.rules.get(body["uid"])
        data = [{**_QUERY, **query, "model": {**model, **query["model"]}} for query in body.get("data") or []]
        rule = {
            "isPaused": False,
            **{key: value for key, value in body.items() if key != "provenance"},
            "data": data,
            "id": before["id"] if before else len(self.rules) + 1,
            "orgID": 1,
            "updated": NOW,
        }
        self.rules[body["uid"]] = _with_provenance(rule, provenance)
        self.intervals.setdefault((body["folderUID"], body["ruleGroup"]), 60)
        return self.rules[body["uid"]]

    def _judge_rule(self, body: dict) -> Answer | None:
        if not body.get("title"):
            return error(400, "invalid alert rule: title is empty", traceID="")
        for uid, rule in self.rules.items():
            same = rule["title"] == body["title"] and rule["folderUID"] == body["folderUID"]
            if same and uid != body["uid"]:
                return self._conflict()
        return None

    @staticmethod
    def _conflict() -> Answer:
        text = "a conflicting alert rule is found: rule title under the same organisation and folder should be unique"
        return error(500, text, traceID="")

    def _create_rule(self, request: t.Any) -> Answer:
        refused = self._judge_rule(request.body)
        if refused:
            return refused
        if request.body["uid"] in self.rules:
            return self._conflict()
        return Answer(201, self._store_rule(request.body, _provenance(request)))

    def _foreign(self, stored: dict, request: t.Any) -> Answer | None:
        """pkg/services/ngalert/provisioning: what one provenance made, another does not change; made by hand is free."""
        before, now = stored.get("provenance", ""), _provenance(request)
        if before in ("", now):
            return None
        return error(
            self._release.contact_point_in_use, f"cannot change provenance from '{before}' to '{now}'", traceID=""
        )

    def _update_rule(self, request: t.Any) -> Answer:
        uid = request.names[0]
        if uid not in self.rules:
            return Answer(404, None)
        body = {**request.body, "uid": uid}
        refused = self._judge_rule(body) or self._foreign(self.rules[uid], request)
        return refused or Answer(200, self._store_rule(body, _provenance(request)))

    def _delete_rule(self, request: t.Any) -> Answer:
        rule = self.rules.get(request.names[0])
        refused = self._foreign(rule, request) if rule else None
        if refused:
            return refused
        self.rules.pop(request.names[0], None)
        return Answer(204)

    def _group(self, folder: str, name: str) -> dict:
        rules = [rule for rule in self.rules.values() if (rule["folderUID"], rule["ruleGroup"]) == (folder, name)]
        return {"title": name, "folderUid": folder, "interval": self.intervals.get((folder, name), 60), "rules": rules}

    def _read_group(self, request: t.Any) -> Answer:
        group = self._group(*request.names)
        return Answer(200, group) if group["rules"] else error(404, "rulegroup not found", traceID="")

    def _write_group(self, request: t.Any) -> Answer:
        folder, name = request.names
        for rule in request.body["rules"]:
            if rule["uid"] not in self.rules:
                # Seen in 10.0.0. Which release takes new rules this way is not known, so none of the double's does.
                text = "failed to calculate diff for alert rules: failed to update rule with UID {} because could not "
                return error(500, text.format(rule["uid"]) + "find alert rule", traceID="")
            refused = self._judge_rule(rule) or self._foreign(self.rules.get(rule["uid"], {}), request)
            if refused:
                return refused
        # A group is written whole: a rule that is not named goes.
        named = {rule["uid"] for rule in request.body["rules"]}
        for rule in self._group(folder, name)["rules"]:
            if rule["uid"] not in named:
                del self.rules[rule["uid"]]
        for rule in request.body["rules"]:
            # Unlike the endpoint of one rule, this one adds nothing to the queries.
            self._store_rule({**rule, "folderUID": folder, "ruleGroup": name}, _provenance(request), model={})
        self.intervals[folder, name] = request.body["interval"]
        return Answer(200, self._group(folder, name))

    def _shown(self, point: dict) -> dict:
        settings = {
            key: _REDACTED if key in _SECRETS[point["type"]] and value else value
            for key, value in point["settings"].items()
        }
        return {"disableResolveMessage": False, **point, "settings": settings}

    def _read_points(self, request: t.Any) -> Answer:
        names = request.query.get("name", [])
        points = [point for point in self.contact_points.values() if not names or point["name"] in names]
        return Answer(200, [self._shown(point) for point in points])

    def _judge_point(self, body: dict) -> Answer | None:
        if body["type"] not in _SECRETS:
            text = f'invalid object specification: failed to validate integration "{body["name"]}" (UID {body["uid"]}) '
            text += f'of type "{body["type"]}": notifier {body["type"]} is not supported'
            return error(400, text, traceID="")
        return None

    def _create_point(self, request: t.Any) -> Answer:
        body = request.body
        refused = self._judge_point(body)
        if refused:
            return refused
        if body["uid"] in self.contact_points:
            return error(500, _EXISTS.format(body["uid"], body["name"]), traceID="")
        self.contact_points[body["uid"]] = _with_provenance(copy.deepcopy(body), _provenance(request))
        shown = self._shown(self.contact_points[body["uid"]])
        # The answer to a POST has every secret of the type, redacted.
        settings = {**dict.fromkeys(_SECRETS[body["type"]], _REDACTED), **shown["settings"]}
        return Answer(202, {**shown, "settings": settings})

    def _update_point(self, request: t.Any) -> Answer:
        uid, body = request.names[0], request.body
        if uid not in self.contact_points:
            return error(404, f"object not found: contact point with uid '{uid}' not found", traceID="")
        before = self.contact_points[uid]
        refused = self._judge_point(body) or self._foreign(before, request)
        if refused:
            return refused
        settings = {
            key: before["settings"].get(key, "") if value == _REDACTED else value
            for key, value in body["settings"].items()
        }
        self.contact_points[uid] = _with_provenance({**body, "uid": uid, "settings": settings}, _provenance(request))
        return Answer(202, {"message": "contactpoint updated"})

    def _receivers(self, route: dict) -> set[str]:
        below = (self._receivers(item) for item in route.get("routes") or [])
        return {route["receiver"]}.union(*below) if route.get("receiver") else set().union(*below)

    def _delete_point(self, request: t.Any) -> Answer:
        point = self.contact_points.get(request.names[0])
        if point and point["name"] in self._receivers(self.policies):
            text = f"contact point '{point['name']}' is currently used by a notification policy"
            return error(self._release.contact_point_in_use, text, traceID="")
        self.contact_points.pop(request.names[0], None)
        return Answer(202, {"message": "contactpoint deleted"})

    def _write_policies(self, request: t.Any) -> Answer:
        known = {point["name"] for point in self.contact_points.values()}
        for receiver in sorted(self._receivers(request.body) - known):
            return error(400, f"invalid object specification: receiver '{receiver}' does not exist", traceID="")
        refused = self._foreign(self.policies, request)
        if refused:
            return refused
        tree = {key: value for key, value in request.body.items() if key != "provenance"}
        self.policies = _with_provenance(tree, _provenance(request))
        return Answer(202, {"message": "policies updated"})
