# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role grafana_wiring with a Grafana in the cluster, before there is one, and with one by its address."""

from __future__ import annotations

import pytest
from api_double import Cluster
from grafana_double import RELEASES, Double
from grafana_double.server import USER
from plays import entry, run
from test_grafana_in_cluster import reached

# What says that the role has something to do, one for each task that writes.
WRITES = ("Write the dashboards", "Write the data sources", "Write the alert rules, the contact points and their route")
PROOF = "runtime_security.kubernetes proof"
REMOVES = (
    "Remove the alert rules, the contact points",
    "Remove the dashboards and their folder",
    "Remove the data sources",
)


@pytest.fixture
def grafana():
    with Double(RELEASES["13.2.0"]) as double:
        yield double


def wire(name, *objects, options=(), **inputs):
    cluster = Cluster(*objects)
    done = run(cluster, [entry("grafana_wiring", name)], *options, **{"grafana_wiring_timeout": 1, **inputs})
    assert cluster.changes == []
    return done, " ".join(done.stdout.split())


def changed(done, tasks) -> list[bool]:
    return ["changed:" in done.stdout.partition(f" | {task}")[2].partition("TASK")[0] for task in tasks]


def test_a_grafana_of_the_cluster_is_wired_once_and_unwired(grafana):
    done, said = wire("main", *reached(grafana), options=["-vvv", "--diff"])
    assert done.returncode == 0, done.stdout
    assert changed(done, WRITES) == [True] * 3
    assert len(grafana.dashboards.stored) == 4
    # The way of the proof's own event.
    assert [route["receiver"] for route in grafana.alerting.policies["routes"]] == [PROOF, PROOF]
    assert f"Grafana: {grafana.url}, user admin" in said
    assert "kubectl --namespace monitoring get secret grafana-admin --output go-template=" in said
    assert USER[1] not in done.stdout
    done, said = wire("main", *reached(grafana))
    assert "changed=0" in said, done.stdout
    writes = len(grafana.writes())
    done, said = wire("remove", *reached(grafana), options=["--check"])
    assert changed(done, REMOVES) == [True] * 3, done.stdout
    assert len(grafana.writes()) == writes
    done, said = wire("remove", *reached(grafana))
    assert done.returncode == 0, done.stdout
    assert grafana.dashboards.stored == grafana.folders.stored == grafana.data_sources.stored == {}
    assert grafana.alerting.policies["routes"] == []
    assert [point["name"] for point in grafana.alerting.contact_points.values()] == ["grafana-default-email"]


def test_tokens_of_data_sources_are_headers_and_nowhere_else(grafana):
    inputs = {f"grafana_wiring_{source}_token": f"planted-{source}" for source in ("prometheus", "loki")}
    done, said = wire("apply", *reached(grafana), options=["-vvv", "--diff"], **inputs)
    assert done.returncode == 0 and "planted" not in said, said
    assert {stored["jsonData"]["httpHeaderName1"] for stored in grafana.data_sources.stored.values()} == {
        "Authorization"
    }
    assert grafana.data_sources.secrets == {
        source: {"httpHeaderValue1": f"Bearer planted-{source}"} for source in ("prometheus", "loki")
    }
    assert "changed=0" in wire("apply", *reached(grafana), **inputs)[1]


@pytest.mark.parametrize(
    "inputs",
    [
        {"grafana_wiring_proof_notification": False},
        {"grafana_wiring_alerts_excluded": ["runtime-event"]},
        {"grafana_wiring_url": "", "grafana_wiring_user": USER[0], "grafana_wiring_password": USER[1]},
    ],
    ids=["off", "without its rule", "elsewhere"],
)
def test_the_event_of_the_proof_has_a_way_only_where_it_can_arrive(grafana, inputs):
    elsewhere = {"grafana_wiring_url": grafana.url} if "grafana_wiring_url" in inputs else {}
    done, _said = wire("apply", *reached(grafana), **{**inputs, **elsewhere})
    assert done.returncode == 0, done.stdout
    assert PROOF not in str(grafana.alerting.policies)


def test_detections_on_the_audit_log_go_by_one_variable(grafana):
    def groups():
        return {rule["ruleGroup"] for rule in grafana.alerting.rules.values()}

    done, _said = wire("apply", *reached(grafana), grafana_wiring_alerts_excluded=["audit-pods", "pod-exec"])
    assert done.returncode == 0, done.stdout
    intervals = {name: seconds for (_folder, name), seconds in grafana.alerting.intervals.items()}
    assert (groups(), intervals["runtime-security-audit"]) == ({"runtime-security", "runtime-security-audit"}, 30)
    assert "audit-pods" not in grafana.alerting.rules and "Command in a pod" not in str(grafana.alerting.rules)
    assert "Attached to a pod" in str(grafana.dashboards.stored["runtime-security-events"])
    done, _said = wire("apply", *reached(grafana), grafana_wiring_audit=False)
    assert done.returncode == 0, done.stdout
    assert groups() == {"runtime-security"}


@pytest.mark.parametrize("name", ["apply", "ready"])
def test_without_a_grafana_the_run_ends_and_names_the_variables(name):
    done, said = wire(name)
    assert done.returncode != 0
    assert "grafana_wiring_namespace: namespace monitoring has no Service grafana." in said
    assert "grafana_wiring_user and grafana_wiring_password, or grafana_wiring_token" in said


def test_check_mode_before_there_is_a_grafana():
    done, said = wire("main", options=["--check"])
    assert (done.returncode, changed(done, WRITES)) == (0, [True] * 3), done.stdout
    done, said = wire("main", options=["--check"], runtime_security_context="nowhere")
    assert (done.returncode, changed(done, WRITES)) == (0, [True] * 3), done.stdout


def test_a_cluster_without_grafana_has_nothing_to_remove():
    for options in ([], ["--check"]):
        done, said = wire("remove", options=options)
        assert done.returncode == 0 and changed(done, REMOVES) == [False] * 3, done.stdout


def test_grafana_by_its_address_alone_is_unwired_without_a_cluster():
    inputs = {"grafana_wiring_url": "http://127.0.0.1:1", "grafana_wiring_user": "a", "grafana_wiring_password": "b"}
    done, said = wire("remove", options=["--check"], **inputs)
    assert (done.returncode, changed(done, REMOVES)) == (0, [True] * 3), done.stdout
    done, said = wire("remove", **inputs)
    assert done.returncode != 0 and "http://127.0.0.1:1/api/health: no answer from Grafana" in said


def test_what_grafana_lacks_or_does_not_reach_is_named_by_ready(grafana):
    wire("apply", *reached(grafana))
    grafana.data_sources.unreachable = {"loki"}
    done, said = wire("ready", *reached(grafana))
    assert done.returncode != 0
    assert "grafana_wiring_loki_url: Grafana did not reach the data source loki within" in said
    grafana.data_sources.unreachable = set()
    del grafana.dashboards.stored["api-audit"]
    done, said = wire("ready", *reached(grafana))
    assert done.returncode != 0
    assert "grafana_wiring_dashboards: Grafana at" in said and "(missing: api-audit; different: none)" in said
    done, said = wire("ready", *reached(grafana), options=["--check"])
    assert done.returncode == 0, done.stdout
