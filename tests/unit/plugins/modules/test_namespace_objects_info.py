"""Which objects of a namespace are somebody's."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.modules.namespace_objects_info import objects, put_there
from kubernetes.client.rest import ApiException
from kubernetes.dynamic.exceptions import NotFoundError


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


class Client:
    """Has listed these kinds, and knows more once it asks again."""

    def __init__(self, first, then, gone=()):
        self.kinds, self.then, self.gone = first, then, gone
        self.resources = self.client = self

    def invalidate_cache(self):
        self.kinds = self.then

    def search(self):
        return [
            SimpleNamespace(group="", kind=kind, namespaced=True, verbs=["list"], preferred=True) for kind in self.kinds
        ]

    def set_default_header(self, name, value):
        pass

    def get(self, resource, namespace):
        if resource.kind in self.gone:
            raise NotFoundError(ApiException(404))
        return SimpleNamespace(to_dict=lambda: {"items": [{"metadata": {"name": "shop"}}]})


def test_a_kind_that_goes_meanwhile_holds_nothing():
    """The operator's definitions are deleted right before, and the API server's list of kinds lags behind."""
    kinds = ("Prometheus", "Secret")
    assert objects(Client(kinds, kinds, gone=("Prometheus",)), "monitoring", []) == ["Secret/shop"]


def test_a_kind_that_came_later_is_not_overlooked():
    assert objects(Client(("Secret",), ("Secret", "Order")), "shop", []) == ["Order/shop", "Secret/shop"]
