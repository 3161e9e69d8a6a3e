# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubernetes' events from a real API server on loopback, as the real collector sends them, with no more rights than the role gives it."""

from __future__ import annotations

import json

import pytest
import yaml

from ..audit import apiserver
from . import collector, local
from .cluster import wait_for

USER = "system:serviceaccount:monitoring:otel-events"
EVENTS = "/api/v1/namespaces/shop/events"


def event(name: str, **more: object) -> dict:
    about = {"kind": "Pod", "namespace": "shop", "name": "web"}
    found = {
        "metadata": {"name": name},
        "involvedObject": about,
        "reason": "BackOff",
        "message": name,
        "type": "Warning",
    }
    return found | {"lastTimestamp": "2026-11-23T21:00:07Z"} | more


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    names = ["otel", "otel_receiver", "masks", "audit", "events", "classic"]
    inputs = {"loki_stack_persistence_storage_class": "", "loki_stack_persistence": True}
    folder = tmp_path_factory.mktemp("events")
    return local.role_value("__loki_stack_events_values.alternateConfig", folder, *names, **inputs)


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    folder = tmp_path_factory.mktemp("api")
    with apiserver.cluster(local.PARTS, folder, [{"level": "None"}], {USER: []}) as found:
        found.ok("POST", "/api/v1/namespaces", {"metadata": {"name": "shop"}})
        for thing in local.role_value("__loki_stack_events_rbac", folder, "events"):
            found.ok("POST", f"/apis/rbac.authorization.k8s.io/v1/{thing['kind'].lower()}s", thing)
        yield found


@pytest.fixture
def running(api, config, tmp_path, monkeypatch):
    """The collector, as that user."""
    cluster = {"server": f"https://127.0.0.1:{api.port}", "insecure-skip-tls-verify": True}
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "c", "user": {"token": f"token-of-{USER}"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
    }
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(kubeconfig), encoding="utf-8")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    outside = json.loads(json.dumps(config))
    outside["receivers"]["k8sobjects"]["auth_type"] = "kubeConfig"
    return lambda: collector.running(outside, tmp_path, {})


def names(sink: collector.Sink) -> list[str]:
    return [json.loads(line.text)["metadata"]["name"] for line in sink.lines]


def test_an_event_is_a_line_with_its_time_and_few_labels(api, running):
    with running() as sink:
        # Only what happens from its first start on.
        number = 0
        while not sink.lines:
            number += 1
            assert number < 60
            api.ok("POST", EVENTS, event(f"first-{number}"))
            wait_briefly(sink)
        series = {"count": 2, "lastObservedTime": "2026-11-23T21:00:09.500000Z"}
        newer = {"lastTimestamp": None, "eventTime": "2026-11-23T21:00:08.250000Z", "series": series}
        newer |= {"action": "Binding", "reportingComponent": "x", "reportingInstance": "y"}
        before = len(sink.lines)
        api.ok("POST", EVENTS, event("newer", **newer))
        wait_for("the newer form", lambda: "newer" in names(sink), 30)
    line = next(line for line in sink.lines if "first-" in line.text)
    found = json.loads(line.text)
    assert (found["kind"], found["reason"], found["involvedObject"]["name"]) == ("Event", "BackOff", "web")
    assert "managedFields" not in found["metadata"]
    assert line.stamp == 1795467607 * 10**9
    assert sink.lines[before].stamp == 1795467609500000000
    labels = {"namespace": "shop", "app": "kubernetes-events", "job": "kubernetes-events"}
    assert sink.labels[0] == labels | {"service.name": "kubernetes-events"}


def test_what_happens_while_it_is_away_comes_later_and_nothing_twice(api, running):
    with running() as sink:
        while "before" not in names(sink):
            api.request("DELETE", f"{EVENTS}/before")
            api.ok("POST", EVENTS, event("before"))
            wait_briefly(sink)
    api.ok("POST", EVENTS, event("away"))
    # The end of an event is none.
    api.ok("DELETE", f"{EVENTS}/before")
    with running() as sink:
        wait_for("the event", lambda: "away" in names(sink), 30)
        api.ok("POST", EVENTS, event("after"))
        wait_for("the next", lambda: "after" in names(sink), 30)
    assert names(sink) == ["away", "after"]


def wait_briefly(sink: collector.Sink) -> None:
    try:
        wait_for("a line", lambda: sink.lines, 2)
    except TimeoutError:
        return
