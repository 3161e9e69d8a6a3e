# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No release is taken for ours, changed or removed on a lie of the API server."""

from __future__ import annotations

import functools

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import (
    Reader,
    UnclearAnswer,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm import evidence, task
from api_double import Cluster
from api_lies import Liar, each, honest_first
from objects_double import made, mark, release


def look(reader):
    """Whether each release that can be seen is ours."""
    names = ["grafana", "loki"]
    found = evidence.read(reader, "monitoring", names, lambda name: False, contents=False, everywhere=True)
    whose = {evidence.Owner.MANAGED: True, evidence.Owner.FOREIGN: False, evidence.Owner.NOBODY: None}
    return {one.name: whose[one.owner] for one in found.releases.values() if one.owner is not evidence.Owner.HIDDEN}


INSTALLED = [made("Namespace", "monitoring"), release("grafana"), release("loki"), mark("loki")]
SEEN = {"grafana": False, "loki": True}


@pytest.mark.parametrize("kind", ["secrets", "configmaps", "namespaces"])
@each()
def test_whose_a_release_is_is_never_guessed(at, lie, kind):
    """Either the answer is what was there, or it says that it may not be seen, or there is none."""
    cluster = Liar(*INSTALLED).lie(lie, lambda path: path.endswith(kind))
    _client, reader = honest_first(cluster, at)
    try:
        found = look(reader)
    except UnclearAnswer:
        return
    assert found in ({}, SEEN)


def test_a_mark_that_the_list_lacks_is_found_by_its_name(at):
    def empty(honest):
        return 200, honest[1] | {"items": []}

    cluster = Liar(*INSTALLED).lie(empty, lambda path: path.endswith("configmaps"))
    _client, reader = honest_first(cluster, at)
    with pytest.raises(UnclearAnswer, match="lacks runtime-security-release-loki"):
        look(reader)


def test_a_history_without_its_newest_revision_is_none(at):
    _client, reader = at(Cluster(*INSTALLED, release("loki", status="superseded", revision=2)))
    with pytest.raises(UnclearAnswer, match="its newest revision is missing"):
        look(reader)


LOKI = {"name": "loki", "chart": "loki", "repository": "https://charts.example", "version": "7.0.0"}
GRAFANA = LOKI | {"name": "grafana"}
SITUATIONS = {
    "of others": ([release("loki")], "present"),
    "an upgrade": ([release("loki"), mark("loki")], "present"),
    "a new one": ([], "present"),
    "an interrupted one": ([release("loki", status="pending-upgrade"), mark("loki")], "present"),
    "a removal": ([release("loki"), mark("loki")], "absent"),
}


@pytest.mark.parametrize("situation", [pytest.param(one, id=name) for name, one in SITUATIONS.items()])
@pytest.mark.parametrize("about", ["/secrets", "/configmaps", "/namespaces/monitoring"])
@each()
def test_helm_begins_nothing_on_a_lie(helm_module, monkeypatch, lie, about, situation):
    """Whatever the state of a release: no record of ownership is written, and Helm changes nothing."""
    monkeypatch.setattr(task, "Reader", functools.partial(Reader, seconds=0.5))
    objects, state = situation
    cluster = Liar(made("Namespace", "monitoring"), *objects).lie(lie, lambda path: path.endswith(about))
    result = helm_module(cluster, LOKI, state=state)
    assert result.get("failed") and cluster.changes == [], result


@pytest.mark.parametrize("kind", ["daemonsets", "deployments", "statefulsets"])
@each()
def test_a_new_release_needs_to_know_that_no_workloads_exist(helm_module, monkeypatch, lie, kind):
    monkeypatch.setattr(task, "Reader", functools.partial(Reader, seconds=0.5))
    cluster = Liar(made("Namespace", "monitoring")).lie(lie, lambda path: path.endswith(kind))
    assert helm_module(cluster, LOKI).get("failed") and cluster.changes == []


@pytest.mark.parametrize("about", ["/secrets/sh.helm.release.v1.loki.v1", "/configmaps/runtime-security-release-loki"])
@each()
def test_what_is_deployed_is_not_guessed(helm_module, monkeypatch, lie, about):
    monkeypatch.setattr(task, "Reader", functools.partial(Reader, seconds=0.5))
    objects = release("loki"), mark("loki", [])
    cluster = Liar(made("Namespace", "monitoring"), *objects).lie(lie, lambda path: path.endswith(about))
    assert helm_module(cluster, LOKI).get("failed") and cluster.changes == []


def test_a_release_of_which_the_list_lacks_the_mark_is_not_removed(helm_module):
    def empty(honest):
        return 200, honest[1] | {"items": []}

    cluster = Liar(*INSTALLED).lie(empty, lambda path: path.endswith("configmaps"))
    for state in ("present", "absent"):
        assert "lacks runtime-security-release-loki" in helm_module(cluster, LOKI, state=state)["msg"]
    assert cluster.changes == []


def test_an_empty_list_of_secrets_is_no_reason_to_overwrite(helm_module):
    """Helm itself refuses the name."""

    def empty(honest):
        return 200, honest[1] | {"items": []}

    cluster = Liar(*INSTALLED).lie(empty, lambda path: path.endswith("secrets"))
    result = helm_module(cluster, GRAFANA)
    assert "cannot re-use a name that is still in use" in result["msg"]
    assert "HELM upgrade grafana" not in cluster.changes
