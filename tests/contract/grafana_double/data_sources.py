# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/api/datasources and /api/ds/query. Statuses and words: pkg/api/datasources.go at v10.0.0 and in the main branch."""

from __future__ import annotations

import typing as t

from .answers import Answer, error, is_valid_uid
from .releases import Release

_MISSING = error(404, "Data source not found")
_SETTABLE = (
    "uid",
    "name",
    "type",
    "access",
    "url",
    "user",
    "database",
    "basicAuth",
    "basicAuthUser",
    "withCredentials",
)
# Where nobody listens, and what Grafana says of a Loki there.
_NOBODY = "http://127.0.0.1:1"
_UNREACHED = "Unable to connect with Loki. Please check the server logs for more details."
_EMPTY = {
    "typeLogoUrl": "",
    "user": "",
    "database": "",
    "basicAuth": False,
    "basicAuthUser": "",
    "withCredentials": False,
}


class DataSources:
    """The data sources of one Grafana, by uid."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self.stored: dict[str, dict] = {}
        # What Grafana never gives back: for a test's own eyes.
        self.secrets: dict[str, dict[str, str]] = {}
        # uids of sources that Grafana cannot reach.
        self.unreachable: set[str] = set()
        # uids of which Grafana has been asked for what it remembers, not for what is stored.
        self.asked_from_cache: list[str] = []
        self._last_id = 0

    def routes(self) -> list[tuple[str, str, t.Callable]]:
        """Method, path and handler."""
        found = [
            ("GET", "/api/datasources", lambda request: Answer(200, [*self.stored.values()])),
            ("POST", "/api/datasources", self._create),
            ("GET", "/api/datasources/uid/([^/]+)", lambda request: self._read(request.names[0])),
            ("PUT", "/api/datasources/uid/([^/]+)", lambda request: self._update(request.names[0], request.body)),
            ("DELETE", "/api/datasources/uid/([^/]+)", lambda request: self._delete(request.names[0])),
            ("GET", "/api/datasources/name/([^/]+)", lambda request: self._read(self._named(request.names[0]))),
            ("DELETE", "/api/datasources/name/([^/]+)", lambda request: self._delete(self._named(request.names[0]))),
            ("GET", "/api/datasources/uid/([^/]+)/health", lambda request: self._health(request)),
            ("POST", "/api/ds/query", self._query),
        ]
        if self._release.numeric_ids:
            found += [
                ("GET", r"/api/datasources/(\d+)", lambda request: self._read(self._numbered(request.names[0]))),
                ("PUT", r"/api/datasources/(\d+)", self._update_numbered),
            ]
        return found

    def add_from_file(self, uid: str, **more: t.Any) -> None:
        """A source as provisioning makes it: read-only."""
        self._store({"uid": uid, "name": uid, "type": "prometheus", "url": "http://file", "access": "proxy", **more})
        self.stored[uid]["readOnly"] = True

    def _named(self, name: str) -> str:
        return next((uid for uid, source in self.stored.items() if source["name"] == name), "")

    def _numbered(self, number: str) -> str:
        return next((uid for uid, source in self.stored.items() if source["id"] == int(number)), "")

    def _read(self, uid: str) -> Answer:
        return Answer(200, self.stored[uid]) if uid in self.stored else _MISSING

    def _create(self, request: t.Any) -> Answer:
        body = request.body
        if not all(body.get(key) for key in ("name", "type", "access")):
            return error(400, "bad request data", traceID="")
        if self._named(body["name"]):
            return error(409, "data source with the same name already exists", traceID="")
        if body.get("uid") in self.stored:
            return error(409, "data source with the same uid already exists", traceID="")
        refused = self._refuse_uid(body.get("uid", ""))
        return refused or self._done(self._store(body), "Datasource added")

    def _refuse_uid(self, uid: str) -> Answer | None:
        if self._release.strict_uids and not is_valid_uid(uid):
            # pkg/services/datasources/errors.go: datasource.uidInvalid, a validation error.
            return error(400, "Invalid datasource UID.", messageId="datasource.uidInvalid", statusCode=400, traceID="")
        return None

    def _store(self, body: dict) -> dict:
        if body.get("isDefault"):
            for source in self.stored.values():
                source["isDefault"] = False
        before = self.stored.get(body["uid"])
        if before is None:
            self._last_id += 1
        secrets = self.secrets.setdefault(body["uid"], {})
        # A field that is not sent stays; an empty one goes.
        secrets.update(body.get("secureJsonData") or {})
        for key in [key for key, value in secrets.items() if not value]:
            del secrets[key]
        source = {
            **_EMPTY,
            **{key: body[key] for key in _SETTABLE if key in body},
            "id": before["id"] if before else self._last_id,
            "orgId": 1,
            "isDefault": bool(body.get("isDefault")),
            "jsonData": body.get("jsonData") or {},
            "secureJsonFields": dict.fromkeys(secrets, True),
            "version": before["version"] + 1 if before else 1,
            "readOnly": False,
            **({"apiVersion": ""} if self._release.as_12 else {}),
        }
        if before and not source["basicAuthUser"]:
            # pkg/services/datasources/service/store.go: not among the columns that are written when empty.
            source["basicAuthUser"] = before.get("basicAuthUser", "")
        self.stored[body["uid"]] = source
        return source

    @staticmethod
    def _done(source: dict, message: str) -> Answer:
        return Answer(200, {"datasource": source, "id": source["id"], "message": message, "name": source["name"]})

    def _update_numbered(self, request: t.Any) -> Answer:
        uid = self._numbered(request.names[0])
        return self._update(uid, {**request.body, "uid": uid})

    def _update(self, uid: str, body: dict) -> Answer:
        if uid not in self.stored:
            return _MISSING
        before = self.stored[uid]
        if before["readOnly"]:
            return error(403, "Cannot update read-only data source")
        if not all(body.get(key) for key in ("name", "type", "access")):
            return error(400, "bad request data", traceID="")
        if body.get("version") and body["version"] != before["version"]:
            text = "Datasource has already been updated by someone else. Please reload and try again"
            return error(409, text, traceID="")
        return self._done(self._store({**body, "uid": uid}), "Datasource updated")

    def _delete(self, uid: str) -> Answer:
        if uid not in self.stored:
            return _MISSING
        if self.stored[uid]["readOnly"]:
            return error(403, "Cannot delete read-only data source")
        self.secrets.pop(uid, None)
        return Answer(200, {"id": self.stored.pop(uid)["id"], "message": "Data source deleted"})

    def _note_cache(self, uid: str, request: t.Any) -> None:
        # pkg/middleware/auth.go and pkg/services/datasources/service/cache.go: remembered for five seconds, unless asked not to.
        if request.headers["X-Grafana-NoCache"] != "true":
            self.asked_from_cache.append(uid)

    def _health(self, request: t.Any) -> Answer:
        uid = request.names[0]
        self._note_cache(uid, request)
        if not is_valid_uid(uid):
            return error(400, "UID is invalid")
        if uid not in self.stored:
            return error(404, "Data source not found", traceID="")
        if self.stored[uid]["type"] not in self._release.health_checks:
            return error(404, "Not found", traceID="")
        if uid in self.unreachable or self.stored[uid]["url"] == _NOBODY:
            words = "connection refused" if uid in self.unreachable else _UNREACHED
            return error(400, words, status="ERROR")
        return Answer(200, {"message": "Data source successfully connected.", "status": "OK"})

    def _query(self, request: t.Any) -> Answer:
        results: dict[str, dict] = {}
        for query in request.body["queries"]:
            uid = query["datasource"]["uid"]
            self._note_cache(uid, request)
            if uid not in self.stored:
                return error(404, "Data source not found", traceID="")
            refused = uid in self.unreachable
            results[query["refId"]] = (
                {"error": "connection refused", "status": 502} if refused else {"status": 200, "frames": []}
            )
        return Answer(400 if any("error" in result for result in results.values()) else 200, {"results": results})
