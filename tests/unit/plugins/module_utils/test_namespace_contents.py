"""Which objects of a namespace are somebody's."""

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.namespace_contents import put_there


@pytest.mark.parametrize(
    ("kind", "metadata", "somebodys"),
    [
        ("ConfigMap", {"name": "settings"}, True),
        ("ServiceAccount", {"name": "shop"}, True),
        ("ServiceAccount", {"name": "default"}, False),
        ("ConfigMap", {"name": "kube-root-ca.crt"}, False),
        ("Event", {"name": "shop.1"}, False),
        ("Pod", {"name": "shop-1", "ownerReferences": [{"kind": "ReplicaSet"}]}, False),
        ("Pod", {"name": "shop-1", "deletionTimestamp": "2026-01-01T00:00:00Z"}, False),
    ],
)
def test_what_the_cluster_makes_itself_is_nobodys(kind, metadata, somebodys):
    assert put_there(kind, metadata, []) is somebodys


@pytest.mark.parametrize("words", [{"labels": {"release": "loki"}}, {"annotations": {"release": "loki"}}])
def test_what_does_not_count_is_told_by_labels_and_annotations(words):
    metadata = {"name": "loki"} | words
    assert not put_there("Service", metadata, ["release=loki"])
    assert put_there("Service", metadata, ["release=grafana"])
