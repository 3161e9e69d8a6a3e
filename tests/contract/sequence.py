# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests by which the double is compared with a real Grafana: same steps, same statuses, same shapes."""

from __future__ import annotations

import base64
import json
import typing as t
import urllib.error
import urllib.request

# Everything the steps make is named so.
_DS = "contract-source"
_FOLDER = "contract-folder"
_DASH = "contract-dashboard"
_DATA_SOURCE = {
    "uid": _DS,
    "name": _DS,
    "type": "loki",
    "url": "http://127.0.0.1:1",
    "access": "proxy",
    "isDefault": False,
    "jsonData": {"maxLines": 10},
    "secureJsonData": {"httpHeaderValue1": "tenant"},
}


def _board(**more: t.Any) -> dict:
    board = {"id": None, "uid": _DASH, "title": "Contract", "tags": ["contract", "mark-1"], "panels": [], **more}
    return {"dashboard": board, "folderUid": _FOLDER, "message": "by contract", "overwrite": False}


def _rule(**more: t.Any) -> dict:
    query = {"refId": "A", "datasourceUid": "__expr__", "model": {"refId": "A", "type": "math", "expression": "1 > 0"}}
    return {
        "uid": "contract-rule",
        "title": "Contract rule",
        "folderUID": _FOLDER,
        "ruleGroup": "contract",
        "condition": "A",
        "data": [query],
        "noDataState": "OK",
        "execErrState": "Error",
        "for": "1m",
        "orgID": 1,
        **more,
    }


_CONTACT = {"uid": "contract-point", "name": "contract-point", "type": "webhook"}
_SECRET = {"url": "http://127.0.0.1:1", "username": "contract", "password": "geheim", "maxAlerts": "0"}
_ALERTING = "/api/v1/provisioning"


class Step(t.NamedTuple):
    """One request."""

    name: str
    method: str
    path: str
    body: t.Any = None
    # None takes the caller's credentials.
    user: tuple[str, str] | None = None
    # Of an answer that depends on what else is in Grafana, only these keys count.
    keys: tuple[str, ...] = ()


STEPS = [
    Step("health", "GET", "/api/health"),
    Step("organisation", "GET", "/api/org"),
    Step("organisation chosen", "POST", "/api/user/using/1"),
    Step("wrong password", "GET", "/api/org", user=("contract-nobody", "wrong")),
    Step("unknown path", "GET", "/api/no-such-thing"),
    Step("data source missing", "GET", f"/api/datasources/uid/{_DS}"),
    Step("data source missing by name", "GET", f"/api/datasources/name/{_DS}"),
    Step("data source updated before it is there", "PUT", f"/api/datasources/uid/{_DS}", _DATA_SOURCE),
    Step("data source created", "POST", "/api/datasources", _DATA_SOURCE),
    Step("data source created twice", "POST", "/api/datasources", _DATA_SOURCE),
    Step("data source of the same name", "POST", "/api/datasources", {**_DATA_SOURCE, "uid": "contract-other"}),
    Step("data source without a type", "POST", "/api/datasources", {"name": "contract-x", "uid": "contract-x"}),
    Step("data source read", "GET", f"/api/datasources/uid/{_DS}"),
    Step("data source read by name", "GET", f"/api/datasources/name/{_DS}"),
    Step("data source updated", "PUT", f"/api/datasources/uid/{_DS}", {**_DATA_SOURCE, "version": 1}),
    Step(
        "data source updated with an old version", "PUT", f"/api/datasources/uid/{_DS}", {**_DATA_SOURCE, "version": 1}
    ),
    Step("data source's health", "GET", f"/api/datasources/uid/{_DS}/health"),
    Step("data source deleted", "DELETE", f"/api/datasources/uid/{_DS}"),
    Step("data source deleted twice", "DELETE", f"/api/datasources/uid/{_DS}"),
    Step(
        "query of a missing source",
        "POST",
        "/api/ds/query",
        {
            "queries": [{"refId": "A", "datasource": {"uid": "contract-none"}}],
            "from": "now-1m",
            "to": "now",
        },
    ),
    Step("folder missing", "GET", f"/api/folders/{_FOLDER}"),
    Step("dashboard into a missing folder", "POST", "/api/dashboards/db", _board()),
    Step("folder created", "POST", "/api/folders", {"uid": _FOLDER, "title": "Contract folder"}),
    Step("folder created twice", "POST", "/api/folders", {"uid": _FOLDER, "title": "Contract folder two"}),
    Step("folder read", "GET", f"/api/folders/{_FOLDER}"),
    Step("folder renamed", "PUT", f"/api/folders/{_FOLDER}", {"title": "Contract renamed", "version": 1}),
    Step(
        "folder renamed with an old version",
        "PUT",
        f"/api/folders/{_FOLDER}",
        {"title": "Contract again", "version": 1},
    ),
    Step("dashboard missing", "GET", f"/api/dashboards/uid/{_DASH}"),
    Step("dashboard created", "POST", "/api/dashboards/db", _board()),
    Step("dashboard read", "GET", f"/api/dashboards/uid/{_DASH}"),
    Step("dashboard's first version", "GET", f"/api/dashboards/uid/{_DASH}/versions?limit=1"),
    Step("dashboard written over without its version", "POST", "/api/dashboards/db", _board(title="Contract 2")),
    Step("dashboard updated", "POST", "/api/dashboards/db", _board(title="Contract 2", version=1)),
    Step("dashboard updated with an old version", "POST", "/api/dashboards/db", _board(title="Contract 3", version=1)),
    Step("dashboard's second version", "GET", f"/api/dashboards/uid/{_DASH}/versions?limit=1"),
    Step(
        "dashboard of the same title", "POST", "/api/dashboards/db", _board(uid="contract-namesake", title="Contract 2")
    ),
    Step("namesake deleted", "DELETE", "/api/dashboards/uid/contract-namesake"),
    Step("dashboard without a title", "POST", "/api/dashboards/db", _board(uid="contract-untitled", title="")),
    Step("dashboard with a long uid", "POST", "/api/dashboards/db", _board(uid="u" * 41, title="Long")),
    Step("dashboard with a bad uid", "POST", "/api/dashboards/db", _board(uid="a b", title="Bad")),
    Step("search by tag", "GET", "/api/search?type=dash-db&tag=contract&limit=5000&page=1"),
    Step("search by tag, second page", "GET", "/api/search?type=dash-db&tag=contract&limit=5000&page=2"),
    Step("search by another tag", "GET", "/api/search?type=dash-db&tag=contract-none&limit=5000&page=1"),
    Step("dashboard deleted", "DELETE", f"/api/dashboards/uid/{_DASH}"),
    Step("dashboard deleted twice", "DELETE", f"/api/dashboards/uid/{_DASH}"),
    Step("versions of a missing dashboard", "GET", f"/api/dashboards/uid/{_DASH}/versions?limit=1"),
    Step("alert rule deleted before it is there", "DELETE", f"{_ALERTING}/alert-rules/contract-rule"),
    Step("alert rule missing", "GET", f"{_ALERTING}/alert-rules/contract-rule"),
    Step("alert rule updated before it is there", "PUT", f"{_ALERTING}/alert-rules/contract-rule", _rule()),
    Step("alert rule created", "POST", f"{_ALERTING}/alert-rules", _rule()),
    Step("alert rule created twice", "POST", f"{_ALERTING}/alert-rules", _rule()),
    Step("alert rule without a title", "POST", f"{_ALERTING}/alert-rules", _rule(uid="contract-x", title="")),
    Step("alert rule updated", "PUT", f"{_ALERTING}/alert-rules/contract-rule", _rule(title="Contract rule 2")),
    Step("alert rule read", "GET", f"{_ALERTING}/alert-rules/contract-rule"),
    Step("rule group read", "GET", f"{_ALERTING}/folder/{_FOLDER}/rule-groups/contract"),
    Step("rule group missing", "GET", f"{_ALERTING}/folder/{_FOLDER}/rule-groups/contract-none"),
    Step(
        "rule group written",
        "PUT",
        f"{_ALERTING}/folder/{_FOLDER}/rule-groups/contract",
        {"title": "contract", "folderUid": _FOLDER, "interval": 20, "rules": [_rule(title="Contract rule 3")]},
    ),
    Step(
        "rule group with a new rule written",
        "PUT",
        f"{_ALERTING}/folder/{_FOLDER}/rule-groups/contract",
        {"title": "contract", "folderUid": _FOLDER, "interval": 20, "rules": [_rule(uid="contract-new", title="New")]},
    ),
    Step("folder deleted with a rule in it", "DELETE", f"/api/folders/{_FOLDER}"),
    Step("alert rule deleted", "DELETE", f"{_ALERTING}/alert-rules/contract-rule"),
    Step("contact point created", "POST", f"{_ALERTING}/contact-points", {**_CONTACT, "settings": _SECRET}),
    Step("contact point created twice", "POST", f"{_ALERTING}/contact-points", {**_CONTACT, "settings": _SECRET}),
    Step(
        "contact point of an unknown type",
        "POST",
        f"{_ALERTING}/contact-points",
        {**_CONTACT, "uid": "contract-x", "name": "contract-x", "type": "contract", "settings": {}},
    ),
    Step("contact points of the name", "GET", f"{_ALERTING}/contact-points?name=contract-point"),
    Step(
        "contact point updated",
        "PUT",
        f"{_ALERTING}/contact-points/contract-point",
        {**_CONTACT, "settings": {**_SECRET, "password": "[REDACTED]"}},
    ),
    Step(
        "missing contact point updated",
        "PUT",
        f"{_ALERTING}/contact-points/contract-none",
        {**_CONTACT, "uid": "contract-none", "settings": _SECRET},
    ),
    Step("contact point deleted", "DELETE", f"{_ALERTING}/contact-points/contract-point"),
    Step("contact point deleted twice", "DELETE", f"{_ALERTING}/contact-points/contract-point"),
    Step("policies read", "GET", f"{_ALERTING}/policies", keys=("receiver", "group_by")),
    Step("policies with an unknown receiver", "PUT", f"{_ALERTING}/policies", {"receiver": "contract-none"}),
    Step("folder deleted", "DELETE", f"/api/folders/{_FOLDER}"),
    Step("folder deleted twice", "DELETE", f"/api/folders/{_FOLDER}"),
]


_MADE = (
    f"/api/datasources/uid/{_DS}",
    "/api/datasources/uid/contract-other",
    f"{_ALERTING}/alert-rules/contract-rule",
    f"{_ALERTING}/alert-rules/contract-new",
    f"{_ALERTING}/contact-points/contract-point",
    "/api/dashboards/uid/contract-namesake",
    f"/api/dashboards/uid/{_DASH}",
    f"/api/folders/{_FOLDER}",
)


def shape(value: t.Any) -> t.Any:
    """The types of an answer, by key; of a list, those of its first item. Texts that are errors stay as they are."""
    if isinstance(value, dict):
        return {key: item if key in ("message", "status") else shape(item) for key, item in sorted(value.items())}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return type(value).__name__


# urlopen takes what some other test has installed for the whole process, perhaps with a proxy.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def send(url: str, user: tuple[str, str], step: Step) -> dict[str, t.Any]:
    """One step's outcome: its name, the status and the answer's shape."""
    request = urllib.request.Request(url.rstrip("/") + step.path, method=step.method)
    credentials = ":".join(step.user or user).encode()
    request.add_header("Authorization", f"Basic {base64.b64encode(credentials).decode()}")
    request.add_header("Content-Type", "application/json")
    request.add_header("X-Disable-Provenance", "true")
    data = None if step.body is None else json.dumps(step.body).encode()
    try:
        with _OPENER.open(request, data=data, timeout=60) as response:
            status, body = response.status, response.read()
    except urllib.error.HTTPError as exc:
        status, body = exc.code, exc.read()
    answer = json.loads(body) if body else {}
    if step.keys:
        answer = {key: answer.get(key) for key in step.keys}
    return {"step": step.name, "status": status, "answer": shape(answer)}


def _tidy(url: str, user: tuple[str, str]) -> None:
    """Remove what a run has made, also one that did not come to its end."""
    for path in _MADE:
        send(url, user, Step("tidy", "DELETE", path))


def run(url: str, user: tuple[str, str]) -> list[dict[str, t.Any]]:
    """All steps, in their order."""
    _tidy(url, user)
    try:
        return [send(url, user, step) for step in STEPS]
    finally:
        _tidy(url, user)
