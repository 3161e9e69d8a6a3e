# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every detection on a real API server: a request raises it, its twin does not; nothing planted gets into the log."""

from __future__ import annotations

import contextlib
import json
import os
import random
import statistics
import time
import typing as t
from pathlib import Path

import pytest
import yaml

from . import apiserver, carrier, kubelet_double, objects, requests, stack

PARTS = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "runtime-security" / "lab" / "parts"
TABLE = yaml.safe_load((stack.TOP / "roles/grafana_wiring/files/audit/detections.yml").read_text(encoding="utf-8"))
# Those on events and nodes have their lines in tests/unit/alerts/test_event_queries.py.
TITLES = {entry["uid"]: entry["title"] for entry in TABLE if entry.get("form") not in ("event", "node")}
POLICY = yaml.safe_load((stack.TOP / "roles/minikube/defaults/main.yml").read_text(encoding="utf-8"))
# AUDIT_SAMPLE=yes looks at a few, in two minutes.
CHOSEN = list(requests.SAMPLE) if os.environ.get("AUDIT_SAMPLE") else list(TITLES)
# An evaluation every 30 s, and what a busy machine takes.
PATIENCE_SECONDS = 100
# One evaluation after the carrier has brought everything.
QUIET_SECONDS = 35


def test_every_detection_has_a_request_and_a_twin():
    assert set(requests.REQUESTS) == set(TITLES)


@pytest.fixture(scope="module")
def api(tmp_path_factory) -> t.Iterator[apiserver.Api]:
    folder = tmp_path_factory.mktemp("cluster")
    with (
        kubelet_double.kubelet(folder) as kubelet,
        apiserver.cluster(PARTS, folder, POLICY["minikube_audit_rules"], requests.USERS) as found,
    ):
        requests.prepare(found, kubelet)
        yield found


@pytest.fixture(scope="module")
def alerts(api, tmp_path_factory) -> t.Iterator[stack.Alerts]:
    """The role's rules in a Grafana, whose Loki gets what the API server prints."""
    folder = tmp_path_factory.mktemp("stack")
    with contextlib.ExitStack() as running:
        loki = running.enter_context(stack.loki(PARTS, folder / "loki"))
        grafana = running.enter_context(stack.grafana(PARTS, folder / "grafana"))
        found = stack.Alerts(grafana)
        sink = running.enter_context(stack.sink(found))
        running.enter_context(carrier.carried(api.log, loki))
        stack.wire(folder, grafana, loki, sink, **requests.INPUTS)
        yield found


def of_audit(labels: t.Iterable[dict[str, str]]) -> list[dict[str, str]]:
    return [one for one in labels if one.get("rule") in TITLES.values()]


def firing(alerts: stack.Alerts) -> list[dict[str, str]]:
    return of_audit(alerts.look())


def test_no_twin_raises_an_alert(api, alerts):
    for uid in CHOSEN:
        requests.REQUESTS[uid][1](api)
    time.sleep(QUIET_SECONDS)
    assert firing(alerts) == []
    assert alerts.ruled() & {"API audit: pods", "API audit: changes", "API audit: rights"} == set()


def test_every_request_raises_its_alert_and_no_other(api, alerts):
    begun = {}
    with alerts.watched():
        # Spread over more than an evaluation, as requests come at any time.
        for uid in random.Random(1).sample(CHOSEN, len(CHOSEN)):
            begun[TITLES[uid]] = time.time()
            requests.REQUESTS[uid][0](api)
            time.sleep(random.Random(uid).uniform(0, min(4, 60 / len(CHOSEN))))
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            found = {dict(labels).get("rule") for labels in list(alerts.seen)}
            sent = {labels.get("rule") for _at, labels in list(alerts.sent)}
            if set(begun) <= found & sent:
                break
            time.sleep(1)
    about = {TITLES[uid]: requests.ABOUT.get(uid, requests.BAD) for uid in CHOSEN}
    seen = of_audit(dict(labels) for labels in alerts.seen)
    assert {one["rule"]: one.get("user", "") for one in seen} == about
    assert {(one["rule"], one["user"]) for one in seen} == set(about.items()), "alerts about others"
    priorities = {entry["title"]: entry["priority"] for entry in TABLE}
    assert {one["rule"]: one["priority"] for one in seen} == {rule: priorities[rule] for rule in about}
    report(
        "alert",
        {dict(labels)["rule"]: at for labels, at in reversed(list(alerts.seen.items())) if "rule" in dict(labels)},
        begun,
    )
    report("notification", {one["rule"]: at for at, one in reversed(alerts.sent) if "rule" in one}, begun)


def report(what: str, seen: dict[str, float], begun: dict[str, float]) -> None:
    times = {rule: seen[rule] - at for rule, at in begun.items()}
    worst = max(times, key=times.__getitem__)
    print(
        f"\nfrom a request to its {what}: median {statistics.median(times.values()):.0f} s, worst {times[worst]:.0f} s ({worst})"
    )


# Words that must not get into the log, by the place where they are planted.
PLANTED = {place: f"planted-{place}-7f3a" for place in ("secret", "patch", "config", "token", "review", "applied")}


def test_planted_secrets_do_not_get_into_the_log(api):
    hidden = {name: word.encode().hex() for name, word in PLANTED.items()}
    space = f"{objects.CORE}/namespaces/shop"
    metadata = {
        "name": "planted",
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": hidden["applied"]},
    }
    api.ok("POST", f"{space}/secrets", {"metadata": metadata, "stringData": {"a": hidden["secret"]}})
    api.ok("PATCH", f"{space}/secrets/planted", {"stringData": {"a": hidden["patch"]}})
    api.ok("POST", f"{space}/configmaps", {"metadata": {"name": "planted"}, "data": {"a": hidden["config"]}})
    review = {"spec": {"token": hidden["review"]}}
    api.ok("POST", "/apis/authentication.k8s.io/v1/tokenreviews", review)
    token = api.ok("POST", f"{space}/serviceaccounts/other/token", {"spec": {"audiences": ["x"]}})["status"]["token"]
    assert api.request("GET", f"{space}/secrets", user=hidden["token"])[0] == 401
    read = api.ok("GET", f"{space}/secrets/planted")
    encoded = [*read["data"].values(), *hidden.values(), token, token.split(".")[2], "token-of-"]
    time.sleep(1)
    lines = api.lines()
    kinds = {"secrets", "configmaps", "tokenreviews", "serviceaccounts"}
    about = [line for line in map(json.loads, lines) if line.get("objectRef", {}).get("resource") in kinds]
    assert {line["objectRef"]["resource"] for line in about} == kinds
    assert not any("requestObject" in line or "responseObject" in line for line in about)
    assert [word for word in encoded if any(word in line for line in lines)] == []


def test_only_pods_and_rights_have_bodies(api):
    api.ok("POST", objects.PODS, objects.pod("mounted"))

    with_body = {
        (line["objectRef"]["resource"], line["verb"])
        for line in map(json.loads, api.lines())
        if "requestObject" in line or "responseObject" in line
    }
    assert ("pods", "create") in with_body
    assert {resource for resource, _verb in with_body} <= {
        "pods",
        "roles",
        "clusterroles",
        "rolebindings",
        "clusterrolebindings",
    }
    assert {verb for _resource, verb in with_body} <= {"create", "update", "patch"}
