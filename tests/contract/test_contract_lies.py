# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/safety.md: a Grafana that lies before a step that deletes or overwrites. What cannot be determined is no reason to do it."""

from __future__ import annotations

import copy
import re

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import (
    grafana_client,
)
from grafana_double import RELEASES, Double, server
from grafana_double.lies import LIES, Lie
from lies_steps import STEPS, prepare

pytestmark = pytest.mark.usefixtures("quick")


def of_others(double):
    """Whatever is not ours, as it is stored."""
    return copy.deepcopy(
        {
            "dashboards": {uid: one for uid, one in double.dashboards.stored.items() if not uid.startswith("ours")},
            "rules": {uid: one for uid, one in double.alerting.rules.items() if uid != "ours"},
            "points": {uid: one for uid, one in double.alerting.contact_points.items() if one["name"] != "ours"},
            "routes": [
                one for one in double.alerting.policies.get("routes") or [] if "us" not in str(one["object_matchers"])
            ],
            "root": double.alerting.policies["receiver"],
            "sources": {uid: one for uid, one in double.data_sources.stored.items() if uid != "loki"},
            "folder": "ours" in double.folders.stored or step_without_others(double),
        }
    )


def step_without_others(double):
    """True where nobody has anything in our folder."""
    return "theirs" not in double.dashboards.stored


def destructive(double):
    """What deletes or overwrites, by either API: a POST makes something new, or carries the version of what it replaces."""
    found = set()
    for method, path, body in double.requests:
        if path == "/api/dashboards/db":
            found.add(("PUT", f"dashboards/{body['dashboard']['uid']}"))
        elif method in ("PUT", "DELETE"):
            kept = re.sub("^/api/(dashboards)/uid/|^/api/(folders)/|^/apis/.*/(dashboards|folders)/", r"\1\2\3/", path)
            found.add((method, kept))
    return found


STATE = (
    ("dashboards", ("stored",)),
    ("folders", ("stored",)),
    ("alerting", ("rules", "intervals", "contact_points", "policies")),
    ("data_sources", ("stored", "secrets")),
)


def impatient(opener, request, data=None, timeout=None, original=grafana_client.OpenerDirector.open):
    """A client that waits for less time than the silence of a test lasts."""
    return original(opener, request, data, 0.2)


def stored(double):
    """Everything that a Grafana keeps."""
    return {
        (part, name): copy.deepcopy(getattr(getattr(double, part), name)) for part, names in STATE for name in names
    }


def restore(double, kept):
    """A Grafana as it was, with nothing asked and nobody lying."""
    for (part, name), value in kept.items():
        setattr(getattr(double, part), name, copy.deepcopy(value))
    double.requests.clear()
    double.lies.clear()


@pytest.mark.parametrize("release", ["10.0.0", "12.4.0", "13.3.0"])
@pytest.mark.parametrize("step", STEPS)
def test_no_lie_makes_a_run_destroy_anything(release, step, monkeypatch):
    with Double(RELEASES[release]) as double:
        call = prepare(double, step)
        kept, others = stored(double), of_others(double)
        result = call()
        assert of_others(double) == others
        assert bool(result.get("failed")) == (step == "data source of others"), result
        asked = dict.fromkeys(path for method, path in double.sent() if method == "GET")
        allowed, told = destructive(double), 0
        monkeypatch.setattr(server, "SILENCE_SECONDS", 0.3)
        for path in asked:
            for kind in LIES:
                restore(double, kept)
                double.lies.append(Lie(re.escape(path), kind))
                with monkeypatch.context() as brief:
                    if kind == "silence":
                        brief.setattr(grafana_client.OpenerDirector, "open", impatient)
                    result = call()
                where = f"{kind} at {path}: {result.get('msg')} {double.writes()}"
                assert of_others(double) == others, where
                assert destructive(double) <= allowed, where
                assert "Traceback" not in str(result), where
                told += bool(result.get("failed"))
    # A test whose lies nobody notices would prove nothing.
    assert told > len(LIES) / 2


# Dashboards and folders by the classic API, and as resources.
PLACES = {
    "12.4.0": {"boards": "/api/dashboards/uid", "folders": "/api/folders"},
    "13.3.0": {
        "boards": "/apis/dashboard.grafana.app/v1/namespaces/default/dashboards",
        "folders": "/apis/folder.grafana.app/v1/namespaces/default/folders",
    },
}
# The questions that a step hangs on: with a lie at one of them it is not done.
EVIDENCE = {
    "dashboards purged": ("DELETE", "{boards}/.*", ["{boards}/ours-1"]),
    "folder renamed": ("PUT", "{folders}/ours", ["/api/search", "{folders}/ours"]),
    "folder deleted": (
        "DELETE",
        "{folders}/ours",
        [
            "/api/search",
            "{folders}/ours",
            "/api/v1/provisioning/alert-rules",
            "/api/library-elements",
            "{folders}/ours/counts",
        ],
    ),
    "alerting changed": (
        "PUT",
        "/api/v1/provisioning/policies",
        ["/api/v1/provisioning/policies", "/api/alertmanager/grafana/config/api/v1/alerts"],
    ),
    "data source changed": ("PUT", "/api/datasources/uid/loki", ["/api/datasources/uid/loki"]),
    "data source removed": ("DELETE", "/api/datasources/uid/loki", ["/api/datasources/uid/loki"]),
}
# Grafana itself says so of what it has not, or of what this account may not see.
TRUE_SAYINGS = {
    ("/api/alertmanager/grafana/config/api/v1/alerts", "403"),
    # The tree itself is whole then.
    ("/api/alertmanager/grafana/config/api/v1/alerts", "half"),
    # It is true here, as is half of nothing.
    ("/api/v1/provisioning/alert-rules", "empty list"),
    ("/api/v1/provisioning/alert-rules", "half"),
    ("/api/library-elements", "half"),
    ("{folders}/ours/counts", "half"),
    # Of the classic API, which has a key for each kind.
    ("/api/folders/ours/counts", "empty object"),
    # Half of three dashboards is still one of ours in the folder.
    ("/api/search", "half"),
    ("{folders}/ours", "half"),
    ("{boards}/ours-1", "half"),
    ("/api/datasources/uid/loki", "half"),
}


# True only where the dashboards can be listed in place of the search.
TRUE_OF_RESOURCES = {("/api/search", "missing page")}


@pytest.mark.parametrize("release", PLACES)
@pytest.mark.parametrize("step", EVIDENCE)
def test_a_step_is_not_done_on_a_lie(step, release):
    names = PLACES[release]
    method, target, questions = EVIDENCE[step]
    true = {(path.format(**names), kind) for path, kind in TRUE_SAYINGS}
    true |= TRUE_OF_RESOURCES if RELEASES[release].stable else set()
    with Double(RELEASES[release]) as double:
        call = prepare(double, step)
        kept = stored(double)
        call()
        target = target.format(**names)
        assert [path for sent, path in double.sent() if sent == method and re.fullmatch(target, path)]
        for path in [question.format(**names) for question in questions]:
            for kind in LIES:
                if kind == "silence" or (path, kind) in true:
                    continue
                restore(double, kept)
                double.lies.append(Lie(re.escape(path), kind))
                result = call()
                done = [sent for sent in double.sent() if sent[0] == method and re.fullmatch(target, sent[1])]
                if step == "dashboards purged":
                    done = [sent for sent in done if sent[1] == path]
                assert done == [], f"{kind} at {path}: {result}"
