# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of grafana_health_info: whether Grafana answers, knows us, and reaches its data sources."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import (
    Grafana,
    GrafanaError,
    path,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_connection import (
    CONNECTION_CONSTRAINTS,
    connected,
    connection_spec,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_names import Names
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_service import NoGrafana
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, Unreachable, WorkError

ARGUMENTS = {
    **connection_spec(),
    "data_sources": {"type": "list", "elements": "str", "default": []},
    "require_healthy": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 60},
}
CONSTRAINTS = CONNECTION_CONSTRAINTS
# What Grafana's own check asks each kind of source; used where a version has no check for it.
_QUERIES = {
    "prometheus": {"expr": "1+1", "instant": True, "range": False},
    "loki": {"expr": "vector(1)+vector(1)", "queryType": "instant"},
}
_PAUSE = 1
# Else Grafana asks with what it knew of the source up to some seconds ago.
_FRESH = {"X-Grafana-NoCache": "true"}


class Deadline:
    """The time left of a wait; the first try is always allowed."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def pause(self) -> bool:
        """Sleep a little; False once the time is up."""
        left = self._end - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(_PAUSE, left))
        return True


def wait_for_answer(grafana: Grafana, deadline: Deadline) -> dict:
    """What /api/health says, as soon as server and database are up."""
    while True:
        try:
            health = grafana.request("GET", path("health"))
            if health.get("database") == "ok":
                return health
            problem = f"Grafana at {grafana.url} has no database: {health.get('database')}"
        except GrafanaError as exc:
            problem = str(exc)
        if not deadline.pause():
            raise GrafanaError(problem)


def try_credentials(grafana: Grafana, deadline: Deadline) -> None:
    """Refused, they are not tried again: Grafana locks a user out after a few wrong passwords.

    Without an answer they are: after a rollout the node's port may lead to the old pod for a moment, and then nowhere.
    """
    while True:
        try:
            grafana.request("GET", path("org"))
            return
        except GrafanaError as exc:
            if exc.status is not None or not deadline.pause():
                raise


def _by_query(grafana: Grafana, source: dict) -> str:
    query = _QUERIES.get(source["type"])
    if query is None:
        raise GrafanaError(f"this version of Grafana has no health check for type {source['type']!r}")
    reference = {"uid": source["uid"], "type": source["type"]}
    body = {"queries": [{**query, "refId": "A", "datasource": reference}], "from": "now-1m", "to": "now"}
    grafana.request("POST", path("ds", "query"), body, headers=_FRESH)
    return f"answered {query['expr']}"


def check(grafana: Grafana, uid: str) -> dict[str, t.Any]:
    """One look at one data source: {uid, ok, message, via}."""
    via = "health"
    try:
        source = grafana.request("GET", path("datasources", "uid", uid), absent=(404,))
        if source is None:
            raise GrafanaError("no data source has this uid", 404)
        answer = grafana.request("GET", path("datasources", "uid", uid, "health"), absent=(404,), headers=_FRESH)
        if answer is None:
            via = "query"
            message = _by_query(grafana, source)
        else:
            message = answer.get("message", "")
    except GrafanaError as exc:
        if exc.status == 401:
            raise
        return {"uid": uid, "ok": False, "message": str(exc), "via": via}
    return {"uid": uid, "ok": True, "message": message, "via": via}


def check_all(grafana: Grafana, uids: list[str], deadline: Deadline) -> list[dict[str, t.Any]]:
    """Look at every data source until all are well or the time is up."""
    started = time.monotonic()
    results: dict[str, dict] = {}
    while True:
        for uid in uids:
            if not results.get(uid, {}).get("ok"):
                results[uid] = {**check(grafana, uid), "seconds": round(time.monotonic() - started, 2)}
        if all(result["ok"] for result in results.values()) or not deadline.pause():
            return [results[uid] for uid in uids]


def run(params: dict, mode: Mode) -> dict:
    """Wait for Grafana, and look at its data sources."""
    try:
        grafana = connected(params)
    except NoGrafana as exc:
        raise NoGrafana(str(exc), answered=False, exists=False) from exc
    deadline = Deadline(params["wait_timeout"])
    started = time.monotonic()
    try:
        health = wait_for_answer(grafana, deadline)
    except GrafanaError as exc:
        # A check may come before the run that makes Grafana answer.
        raise Unreachable(str(exc), answered=False) from exc
    try:
        try_credentials(grafana, deadline)
        sources = check_all(grafana, params["data_sources"], deadline)
    except GrafanaError as exc:
        raise WorkError(str(exc), answered=True) from exc
    result = {
        "answered": True,
        "version": health.get("version", ""),
        "url": grafana.url,
        "url_username": "" if grafana.token else grafana.user,
        "healthy": all(source["ok"] for source in sources),
        "seconds": round(time.monotonic() - started, 2),
        "data_sources": sources,
    }
    unhealthy = [source for source in sources if not source["ok"]]
    if unhealthy and params["require_healthy"]:
        names = Names(params["variables"])
        raise WorkError(" ".join(unhealthy_text(source, names) for source in unhealthy), **result)
    return result


def unhealthy_text(source: dict, names: Names) -> str:
    """Why a data source is not healthy, and what helps."""
    address = names.of(source["uid"])
    return (
        f"{address}: Grafana did not reach the data source {source['uid']} within {source['seconds']} s "
        f"({source['message'].removesuffix('.')}). Expected a healthy one. Fix: correct {address}, and look at the pods behind it."
    )


def announce(params: dict) -> dict:
    """Nothing is known of a Grafana that does not answer yet."""
    unknown = {"version": "", "url": params["url"] or "", "url_username": params["url_username"] or ""}
    return {"answered": False, **unknown, "healthy": False, "seconds": 0.0, "data_sources": []}
