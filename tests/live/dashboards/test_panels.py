"""Every query of every panel and variable, on a pipeline that runs, after what the panels show has happened."""

from __future__ import annotations

import copy
import re
import secrets
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_panels as panels
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proof.grafana import Refused

DASHBOARDS = Path(__file__).parents[3] / "roles/grafana_wiring/files/dashboards"
UIDS = sorted(file.stem for file in DASHBOARDS.glob("*.json"))
# Of this run alone: the last one's may still be on its way out.
NAMESPACE = f"dashboard-test-{secrets.token_hex(3)}"
POD = "talker"
IMAGE = "docker.io/library/busybox:1.35.0"
# A scrape, a run of the recording rules, and a Grafana that is asked by others too.
WAIT_SECONDS = 90
# What stays at zero as long as nothing is wrong; every other panel has to show more.
ZERO_IS_WELL = {
    "Targets down",
    "Events lost",
    "Kernel drops",
    "Drops",
    "Log agent backlog",
    "Events without pod or process",
    "Notifications",
    # None is declared by default.
    "Contact points",
}
# The stat "Events" has a number for each level, and only some of them come to pass.
LEVELS_THAT_HAPPEN = {"notice and below"}
# The continuous proof, which is off by default.
CONTINUOUS_PROOF = {"Detections", "Stopped", "Seconds since a detection was proven", "Latency of each hop"}
# It has a query for each group of detections; nobody changes rights or the cluster here, and events and node logs are not read by default.
DETECTIONS = "Detections by rule and user"
GROUPS_WITHOUT_REQUEST = {"C", "E", "G", "H"}
# A label that only sites with several clusters set.
MAY_HAVE_NO_VALUE = {"cluster"}


@pytest.fixture(scope="module", autouse=True)
def happenings(kubectl):
    """A shell in a pod, an error line, a Secret that is read, and a request that is denied."""
    kubectl("create", "namespace", NAMESPACE)
    try:
        # A shell that starts on a terminal is an event.
        options = [f"--image={IMAGE}", "--restart=Never", "--stdin", "--tty", "--attach=false"]
        say = 'while :; do echo "level=error msg=dashboards"; sleep 5; done'
        kubectl("-n", NAMESPACE, "run", POD, *options, "--", "sh", "-c", say)
        kubectl("-n", NAMESPACE, "wait", "--for=condition=Ready", f"pod/{POD}", "--timeout=90s")
        kubectl("-n", NAMESPACE, "exec", POD, "--", "true")
        kubectl("-n", NAMESPACE, "create", "secret", "generic", "letter", "--from-literal=text=hello")
        kubectl("-n", NAMESPACE, "get", "secret", "letter")
        refused = kubectl("-n", NAMESPACE, "get", "secrets", "--as=somebody", check=False)
        assert "forbidden" in refused.stderr
        yield
    finally:
        kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def asked(grafana, path):
    """The answer, also of a Grafana that is too busy for a moment."""
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return grafana.get(path)
        except Refused:
            if time.monotonic() > until:
                raise
        time.sleep(2)


def wired(grafana, uid):
    return asked(grafana, f"/api/dashboards/uid/{uid}")["dashboard"]


@pytest.fixture(params=UIDS)
def dashboard(request, grafana):
    return wired(grafana, request.param)


def values(answer):
    """The numbers and texts of an answer, without times."""
    return [
        value
        for result in answer["results"].values()
        for frame in result.get("frames") or []
        for field, column in zip(frame["schema"]["fields"], frame["data"]["values"])
        if field["type"] != "time"
        for value in column
        if value is not None
    ]


def fault(grafana, page, entry):
    """What is wrong with the answer to one query, or nothing."""
    try:
        answer = grafana.query(panels.query_body([entry["query"]], time.time(), panels.range_seconds(page)))
    except Refused as exc:
        return str(exc)
    seen = values(answer)
    if not panels.frames_have_data(answer):
        return "no data"
    several = entry["panel"] == "Events" and entry["query"]["legendFormat"] not in LEVELS_THAT_HAPPEN
    quiet = entry["panel"] == DETECTIONS and entry["ref_id"] in GROUPS_WITHOUT_REQUEST
    if entry["panel"] in ZERO_IS_WELL | CONTINUOUS_PROOF or several or quiet:
        return ""
    return "" if any(seen) else "nothing but zero"


def faults(grafana, page, seconds):
    """The panels that have no data of their own when the time is over."""
    waiting = panels.panel_queries(page, {})
    assert waiting
    until = time.monotonic() + seconds
    while True:
        found = [(entry, fault(grafana, page, entry)) for entry in waiting]
        found = [(entry, reason) for entry, reason in found if reason]
        if not found or time.monotonic() > until:
            return {f"{entry['panel']} ({entry['ref_id']})": reason for entry, reason in found}
        waiting = [entry for entry, _reason in found]
        time.sleep(2)


def test_every_panel_has_data(grafana, dashboard):
    assert faults(grafana, dashboard, WAIT_SECONDS) == {}


def test_a_query_that_is_broken_is_found(grafana):
    """The check itself: a metric nobody has, and a word the language does not know."""
    page = wired(grafana, "pipeline-health")
    broken = copy.deepcopy(page)
    by_title = {panel["title"]: panel for panel in broken["panels"]}
    target = by_title["Kernel events"]["targets"][0]
    target["expr"] = target["expr"].replace("n_evts", "n_events")
    by_title["Scrape targets"]["targets"][0]["expr"] = "up{"
    found = faults(grafana, broken, 10)
    assert found["Kernel events (A)"] == "no data"
    assert "parse error" in found["Scrape targets (A)"]


def known_values(grafana, variable, chosen):
    """What a variable's query gives: label_values(label) or label_values(selector, label)."""
    source = variable["datasource"]
    query = variable["query"] if isinstance(variable["query"], str) else variable["query"]["query"]
    selector, label = re.fullmatch(r"label_values\((?:(.*), )?(\w+)\)", query).groups()
    api = "/loki/api/v1" if source["type"] == "loki" else "/api/v1"
    matcher = "query" if source["type"] == "loki" else "match[]"
    selection = {matcher: panels.interpolate(selector, chosen)} if selector else {}
    start = {"start": f"{time.time() - 3600:.0f}", "end": f"{time.time():.0f}"}
    where = f"/api/datasources/proxy/uid/{source['uid']}{api}/label/{label}/values?{urlencode(selection | start)}"
    return asked(grafana, where).get("data") or []


def test_every_variable_has_values(grafana, dashboard):
    chosen = panels.default_variables(dashboard)
    queried = [variable for variable in dashboard["templating"]["list"] if variable["type"] == "query"]
    empty = [variable["name"] for variable in queried if not known_values(grafana, variable, chosen)]
    assert set(empty) <= MAY_HAVE_NO_VALUE


def test_the_pages_narrow_down_to_one_pod(grafana):
    """What the links hand over: a namespace and a pod."""
    for uid in ("runtime-security-events", "log-explorer"):
        page = wired(grafana, uid)
        entries = panels.panel_queries(page, {"namespace": [NAMESPACE], "pod": [POD]})
        (lines,) = (entry for entry in entries if entry["panel"] in ("Latest events", "Log lines"))
        answer = grafana.query(panels.query_body([lines["query"]], time.time(), 3600))
        labels = [value for value in values(answer) if isinstance(value, dict)]
        assert labels, uid
        assert {one.get("pod_name", one["pod"]) for one in labels} == {POD}, uid
