"""What is in a Grafana, as far as somebody has to change it for it to change."""

from __future__ import annotations

import json
import urllib.request
from base64 import b64encode

# Times and counts of looking, and what a write of anything moves.
RESTLESS = ("lastSeenAt", "lastSeenAtAge", "updated", "updatedAt")


class Grafana:
    def __init__(self, url, user, password):
        self._url = url
        self._headers = {
            "Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode(),
            "Content-Type": "application/json",
        }

    def ask(self, path, value=None, method=None):
        body = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request(f"{self._url}{path}", data=body, headers=self._headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())

    def fill(self):
        """What a team has in its Grafana."""
        url = "http://prometheus-server.observability.svc"
        source = {"type": "prometheus", "access": "proxy", "url": url, "isDefault": True}
        self.ask("/api/datasources", {"uid": "ops", "name": "Prometheus", **source})
        self.ask("/api/folders", {"uid": "ops", "title": "Operations"})
        board = {"uid": "ops-board", "title": "Board", "panels": []}
        self.ask("/api/dashboards/db", {"dashboard": board, "folderUid": "ops"})
        self.ask("/api/admin/users", {"login": "alice", "password": "alice-has-one", "name": "Alice"})
        self.ask("/api/org/preferences", {"theme": "light", "homeDashboardUID": "ops-board"}, "PUT")
        self.ask("/api/teams", {"name": "Operators"})
        point = {"uid": "ops-mail", "name": "Operators", "type": "email", "settings": {"addresses": "ops@example.org"}}
        self.ask("/api/v1/provisioning/contact-points", point)
        query = {
            "refId": "A",
            "datasourceUid": "ops",
            "relativeTimeRange": {"from": 60, "to": 0},
            "model": {"refId": "A", "expr": "up", "instant": True},
        }
        rule = {"uid": "ops-rule", "title": "Up", "ruleGroup": "ops", "folderUID": "ops", "orgID": 1, "condition": "A"}
        rule |= {"data": [query], "for": "1m", "noDataState": "OK", "execErrState": "OK"}
        self.ask("/api/v1/provisioning/alert-rules", rule)

    def _dashboard(self, found):
        page = self.ask(f"/api/dashboards/uid/{found['uid']}")
        return {"dashboard": page["dashboard"], "folder": page["meta"].get("folderUid")}

    def snapshot(self):
        """Everything by kind and identity."""
        lists = {
            "data source": ("/api/datasources", "uid"),
            "folder": ("/api/folders", "uid"),
            "user": ("/api/users", "login"),
            "member": ("/api/org/users", "login"),
            "contact point": ("/api/v1/provisioning/contact-points", "uid"),
            "alert rule": ("/api/v1/provisioning/alert-rules", "uid"),
        }
        found = {f"{kind} {item[key]}": item for kind, (path, key) in lists.items() for item in self.ask(path)}
        found |= {f"team {item['name']}": item for item in self.ask("/api/teams/search")["teams"]}
        for item in self.ask("/api/search?type=dash-db"):
            found[f"dashboard {item['uid']}"] = self._dashboard(item)
        for name in ("org", "org/preferences", "user/preferences", "v1/provisioning/policies"):
            found[name] = self.ask(f"/api/{name}")
        return {name: _resting(item) for name, item in found.items()}


def _resting(item):
    return {key: value for key, value in item.items() if key not in RESTLESS}
