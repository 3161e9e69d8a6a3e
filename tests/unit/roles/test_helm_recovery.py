# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""helm_releases: what was interrupted or refused, and removal."""

from __future__ import annotations

import pytest
from api_double import Cluster
from helm_inputs import ALLOY, DEPLOYED, LOKI, NAMESPACE, RECORD, actions
from objects_double import mark, release

INTERRUPTED = ["failed", "pending-install", "pending-upgrade", "pending-rollback"]


@pytest.mark.parametrize("status", INTERRUPTED)
def test_an_interrupted_operation_is_recovered_first(helm_module, status):
    before = release("loki", status="superseded", config={"a": 1}, version="7.0.0")
    cluster = Cluster(NAMESPACE, before, release("loki", status=status, revision=2), RECORD)
    result = helm_module(cluster, LOKI, check=True)
    assert actions(result) == {"loki": "upgraded"} and cluster.changes == []
    result = helm_module(cluster, LOKI)
    assert cluster.changes == ["HELM rollback loki", "HELM upgrade loki"], result
    assert result["releases"]["loki"]["revision"] == 4


def test_an_interrupted_removal_is_completed_and_the_release_installed_again(helm_module):
    cluster = Cluster(NAMESPACE, release("loki", status="uninstalling"), RECORD)
    result = helm_module(cluster, LOKI)
    assert cluster.changes == ["HELM uninstall loki", "HELM install loki"]
    assert result["releases"]["loki"]["revision"] == 1


class Busy(Cluster):
    """A Helm that an earlier run left is at work when this one begins."""

    def helm(self, words, values=None):
        if words[2] in ("install", "upgrade") and not hasattr(self, "was_busy"):
            self.was_busy = True
            self.record("loki", 2, "pending-upgrade", "monitoring")
            return 1, "", "Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress"
        return super().helm(words, values)


def test_an_operation_that_came_between_is_recovered_and_helm_tries_again(helm_module):
    cluster = Busy(NAMESPACE, release("loki"), RECORD)
    result = helm_module(cluster, LOKI)
    assert cluster.changes == ["HELM rollback loki", "HELM upgrade loki"], result
    assert result["releases"]["loki"]["revision"] == 4 and result["changed"]


class Refusing(Cluster):
    """A Helm that does not do one release."""

    def helm(self, words, values=None):
        if words[2] in ("install", "upgrade", "uninstall") and "loki" in words:
            return 1, "", "Error: port 30030 is taken, planted-word is wrong"
        return super().helm(words, values)


def test_one_that_helm_refuses_keeps_no_other_back(helm_module):
    cluster = Refusing(NAMESPACE)
    remedies = [{"said": "is taken", "remedy": "Set grafana_port."}, {"said": "else", "remedy": "Do nothing."}]
    asked = LOKI | {"remedies": remedies, "values": {"more than a pipe takes": "x" * 200_000, "a": "planted-word"}}
    result = helm_module(cluster, asked, ALLOY)
    assert result["failed"] and result["changed"]
    assert result["msg"] == (
        "Helm cannot install or upgrade in namespace monitoring: loki: Error: port 30030 is taken, *** is wrong Set grafana_port."
    )
    assert actions(result) == {"loki": "unchanged", "alloy": "installed"}
    # Its record of ownership stays: the next task knows it.
    assert "ConfigMap/runtime-security-release-loki" in cluster.names()


def test_managed_releases_are_uninstalled_and_their_records_go_last(helm_module):
    cluster = Cluster(NAMESPACE, DEPLOYED, RECORD, release("alloy"))
    result = helm_module(cluster, LOKI, ALLOY, {"name": "grafana"}, state="absent", diff=True)
    assert actions(result) == {"loki": "uninstalled", "alloy": "unchanged", "grafana": "unchanged"}
    assert {name: one["status"] for name, one in result["releases"].items()} == {
        "loki": "absent",
        "alloy": "deployed",
        "grafana": "absent",
    }
    assert cluster.changes == ["HELM uninstall loki", "DELETE configmaps/runtime-security-release-loki"]
    assert result["diff"] == {"before": {"loki": {"chart": "loki 7.0.0"}}, "after": {}}
    cluster.changes.clear()
    assert helm_module(cluster, LOKI, ALLOY, state="absent")["changed"] is False and cluster.changes == []


def test_check_mode_of_a_removal(helm_module):
    cluster = Cluster(NAMESPACE, DEPLOYED, RECORD)
    result = helm_module(cluster, LOKI, state="absent", check=True)
    assert actions(result) == {"loki": "uninstalled"} and result["changed"] and cluster.changes == []


@pytest.mark.parametrize("left", [(), (release("loki", status="uninstalling"),)], ids=["record of it", "removal begun"])
def test_an_interrupted_removal_is_completed(helm_module, left):
    cluster = Cluster(NAMESPACE, RECORD, *left)
    assert helm_module(cluster, LOKI, state="absent")["changed"]
    assert cluster.names() == {"Namespace/monitoring"}


def test_what_helm_does_not_uninstall_stays_known(helm_module):
    cluster = Refusing(NAMESPACE, DEPLOYED, RECORD, release("alloy"), mark("alloy"))
    result = helm_module(cluster, LOKI, ALLOY, state="absent")
    assert result["failed"] and "loki: Error: port" in result["msg"]
    assert actions(result) == {"loki": "unchanged", "alloy": "uninstalled"}
    assert {"ConfigMap/runtime-security-release-loki"} == {name for name in cluster.names() if "ConfigMap" in name}


def test_one_that_is_taken_over_is_uninstalled(helm_module):
    cluster = Cluster(NAMESPACE, release("loki"))
    assert actions(helm_module(cluster, LOKI, state="absent", take_ownership=["loki"])) == {"loki": "uninstalled"}
    assert cluster.names() == {"Namespace/monitoring"}
