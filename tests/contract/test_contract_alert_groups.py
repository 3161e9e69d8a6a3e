# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alert rules in several groups, each with an interval of its own, against the double of each release."""

from __future__ import annotations

import pytest
from modules import run

RULE = {"uid": "often", "title": "Often", "queries": [{"ref": "A", "data_source": "x", "type": "loki", "expr": "x"}]}
RULES = [RULE, {**RULE, "uid": "seldom", "title": "Seldom", "group": "slow"}]
GROUPS = {"interval_seconds": 10, "more_groups": [{"name": "slow", "interval_seconds": 30}]}


@pytest.fixture
def have(grafana):
    run("grafana_dashboards", grafana.url, folder_uid="ours", folder_title="Ours", owner="ours")

    def rules(**params):
        given = {"folder_uid": "ours", "owner": "ours", "purge": True, "rules": RULES, **GROUPS, **params}
        return run("grafana_alerting", grafana.url, **given)

    return rules


def intervals(grafana):
    return {name: seconds for (_folder, name), seconds in grafana.alerting.intervals.items()}


def test_each_group_has_its_interval_and_a_second_run_changes_nothing(grafana, have):
    assert have()["changed"]
    assert {uid: rule["ruleGroup"] for uid, rule in grafana.alerting.rules.items()} == {
        "often": "runtime-security",
        "seldom": "slow",
    }
    assert intervals(grafana) == {"runtime-security": 10, "slow": 30}
    assert not have()["changed"]


def test_only_the_group_with_another_interval_is_written(grafana, have):
    have()
    changed = have(more_groups=[{"name": "slow", "interval_seconds": 60}])
    assert [entry["before_header"] for entry in changed["diff"]] == ["group slow"]
    assert intervals(grafana) == {"runtime-security": 10, "slow": 60}


def test_a_rule_that_is_no_longer_declared_goes_from_its_group(grafana, have):
    have()
    assert have(rules=[RULE])["rules"]["removed"] == ["seldom"]
    assert list(grafana.alerting.rules) == ["often"]


def test_a_group_that_is_not_declared_is_refused(grafana, have):
    refused = have(more_groups=[])
    assert refused["failed"] and "'slow'" in refused["msg"]
    assert grafana.alerting.rules == {}
