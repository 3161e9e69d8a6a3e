# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An API server and a Helm that lie in every way are put before each step that destroys: nothing is destroyed."""

from __future__ import annotations

import contextlib

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import (
    UnclearAnswer,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.namespace_contents import objects
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.owned_objects import (
    OWNER,
    NotOurs,
    Remover,
    existing,
    refuse_foreign,
    selected,
)
from api_double import KINDS, Cluster
from api_lies import Liar, each, honest_first
from objects_double import made

LABELS = {"app": "ours", **OWNER}
SETTINGS = made("ConfigMap", "settings", LABELS)
OTHERS = made("ConfigMap", "of-somebody-else")
PLACE = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "monitoring", "name": "settings"}}
BY_LABELS = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"namespace": "monitoring", "labels": {"app": "ours"}},
}


@each()
@pytest.mark.parametrize("definition", [PLACE, BY_LABELS], ids=["by name", "by labels"])
def test_nothing_is_deleted_or_overwritten_on_a_lie(at, lie, definition):
    cluster = Liar(SETTINGS, OTHERS).lie(lie, lambda path: "configmaps" in path)
    client, reader = honest_first(cluster, at)
    with pytest.raises(UnclearAnswer):
        Remover(reader, 1, False).remove(selected(reader, definition, OWNER))
    if definition is PLACE:
        with pytest.raises(UnclearAnswer):
            existing(reader, definition)
    assert cluster.changes == []


def test_an_object_is_deleted_by_its_owner_only(at):
    cluster = Cluster(SETTINGS, OTHERS)
    client, reader = at(cluster)
    theirs = {**PLACE, "metadata": {**PLACE["metadata"], "name": "of-somebody-else"}}
    assert selected(reader, theirs, OWNER) == []
    with pytest.raises(NotOurs, match=r"ConfigMap monitoring/of-somebody-else: not managed by this collection"):
        refuse_foreign([(theirs, existing(reader, theirs))], OWNER, new=False)
    Remover(reader, 1, True).remove(selected(reader, BY_LABELS, OWNER))
    assert cluster.names() == {"ConfigMap/of-somebody-else"}


def test_what_an_earlier_answer_lacked_is_not_overwritten(at):
    _client, reader = at(Cluster(SETTINGS))
    with pytest.raises(NotOurs, match="exists. Expected none of that name"):
        refuse_foreign([(PLACE, existing(reader, PLACE))], OWNER, new=True)


def test_a_selector_that_the_server_ignores_selects_nothing_of_others(at):
    class Deaf(Cluster):
        def listed(self, version, namespace, kinds, words):
            return super().listed(version, namespace, kinds, {})

    _client, reader = at(Deaf(SETTINGS, OTHERS))
    assert [found["metadata"]["name"] for found in selected(reader, BY_LABELS, OWNER)] == ["settings"]


def test_a_claim_that_a_pod_has_mounted_stays(at):
    claim = made("PersistentVolumeClaim", "data", OWNER)
    volumes = {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}
    cluster = Cluster(claim, made("Pod", "loki-0", spec=volumes, status={"phase": "Running"}))
    client, reader = at(cluster)
    with pytest.raises(NotOurs, match="pod loki-0 has it mounted"):
        Remover(reader, 0.1, False).refuse_used(claim)


@pytest.mark.parametrize(
    "about",
    [
        pytest.param(lambda path: path == "/apis", id="groups"),
        pytest.param(lambda path: path == "/apis/batch/v1", id="kinds of a group"),
        pytest.param(lambda path: path == "/api/v1", id="kinds of the core"),
        pytest.param(lambda path: path.endswith("/configmaps"), id="objects"),
    ],
)
@each()
def test_a_namespace_is_never_empty_on_a_lie(at, lie, about):
    """Where somebody's ConfigMap is in it, the answer has it or there is none."""
    cluster = Liar(made("Namespace", "monitoring"), OTHERS).lie(lie, about)
    _client, reader = honest_first(cluster, at)
    with contextlib.suppress(UnclearAnswer):
        assert "ConfigMap/of-somebody-else" in objects(reader, "monitoring", [])


DEFINITION = made("CustomResourceDefinition", "prometheusrules.monitoring.coreos.com")


@pytest.mark.parametrize("path", ["/apis", "/apis/monitoring.coreos.com/v1"])
def test_a_kind_that_discovery_lacks_is_not_overlooked(at, path):
    def lacking(honest):
        groups = [group for group in honest[1].get("groups", []) if group["name"] != "monitoring.coreos.com"]
        return 200, honest[1] | {"groups": groups, "resources": []}

    cluster = Liar(DEFINITION, made("PrometheusRule", "theirs")).lie(lacking, lambda asked: asked == path)
    _client, reader = honest_first(cluster, at)
    with pytest.raises(
        UnclearAnswer, match=r"prometheusrules.monitoring.coreos.com exists, and no group lists its kind"
    ):
        objects(reader, "monitoring", [])


def test_a_kind_that_only_an_older_version_of_its_group_has_is_not_overlooked(at, monkeypatch):
    """As AlertmanagerConfig (v1alpha1) in the operator's group, whose preferred version is v1."""
    monkeypatch.setitem(KINDS, "monitoring.coreos.com/v1alpha1", ["AlertmanagerConfig"])
    _client, reader = at(Cluster(made("AlertmanagerConfig", "theirs")))
    assert objects(reader, "monitoring", []) == ["AlertmanagerConfig/theirs"]


def test_a_kind_that_the_cache_does_not_know_is_not_overlooked(at, monkeypatch):
    cluster = Cluster(made("PrometheusRule", "theirs"))
    with monkeypatch.context() as before:
        before.delitem(KINDS, "monitoring.coreos.com/v1")
        _client, reader = at(cluster)
        reader.resource("Secret", "v1")
    assert objects(reader, "monitoring", []) == ["PrometheusRule/theirs"]
