# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Loki and which agents a namespace has, and what a Loki needs of the cluster."""

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.loki import existing, requirements
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError


class Reader:
    """Answers with the objects it was given."""

    def __init__(self, objects):
        self._objects = objects

    def all(self, kind, api_version, namespace=None, labels="", metadata_only=False):
        return self._objects

    def one(self, kind, api_version, name, namespace=None):
        return next((one for one in self._objects if one["metadata"].get("name") == name), None)


def revision(owner, number, labels, volumes=(), **annotations):
    template = {"metadata": {"labels": labels, "annotations": annotations}, "spec": {"volumes": list(volumes)}}
    return {
        "metadata": {"ownerReferences": [{"name": owner}]},
        "revision": number,
        "data": {"spec": {"template": template}},
    }


EMPTY = {"name": "storage", "emptyDir": {}}
CURRENT, CLASSIC = {"app.kubernetes.io/name": "loki"}, {"app": "loki", "release": "loki"}


@pytest.mark.parametrize(
    ("revisions", "kind"),
    [
        ([], ""),
        ([revision("promtail", 1, {})], ""),
        ([revision("loki", 1, CURRENT)], "current monolithic claim"),
        ([revision("loki", 2, CURRENT), revision("loki", 1, CURRENT, [EMPTY])], "current monolithic claim"),
        ([revision("loki", 1, CURRENT), revision("loki", 2, CURRENT, [EMPTY])], "current monolithic pod"),
        ([revision("loki", 1, CLASSIC, [EMPTY])], "classic monolithic pod"),
        ([revision("loki", 1, CURRENT, **{existing.STORE: "s3"})], "current monolithic_s3 claim"),
        ([revision("loki-backend", 1, CURRENT), revision("loki-write", 1, CURRENT)], "current simple_scalable claim"),
        ([revision("loki-ingester", 1, CURRENT, [{"name": "data", "emptyDir": {}}])], "current distributed pod"),
    ],
)
def test_the_existing_loki_is_read_from_the_newest_revision(revisions, kind):
    assert existing.by_revisions(Reader(revisions), "monitoring").kind == kind


def test_only_agents_with_our_label_are_ours():
    revisions = [revision("promtail", 1, {"app": "promtail"}), revision("alloy", 1, existing.AGENT_LABELS)]
    assert existing.by_revisions(Reader(revisions), "monitoring").agents == ["alloy"]


def test_the_recorded_volume_is_read_from_the_annotation():
    revisions = [revision("loki", 1, CURRENT, **{existing.VOLUME: "10Gi fast"})]
    assert existing.by_revisions(Reader(revisions), "monitoring").volume == "10Gi fast"


def storage_class(name, default="false"):
    annotations = {"storageclass.kubernetes.io/is-default-class": default}
    return {"metadata": {"name": name, "annotations": annotations}}


@pytest.mark.parametrize(
    ("classes", "wanted"), [([storage_class("fast")], "fast"), ([storage_class("fast", "true")], "")]
)
def test_a_storage_class_that_provides_the_volume_passes(classes, wanted):
    requirements.require_storage_class(Reader(classes), wanted)


@pytest.mark.parametrize(
    ("classes", "wanted", "lacks"),
    [
        ([storage_class("fast")], "", "no default storage class (it has: fast)"),
        ([storage_class("fast", "true")], "slow", "no storage class 'slow' (it has: fast)"),
        ([], "", "no default storage class (it has: none)"),
    ],
)
def test_a_claim_that_nothing_would_provide_is_refused(classes, wanted, lacks):
    with pytest.raises(WorkError, match="loki_stack_persistence: the cluster has ") as error:
        requirements.require_storage_class(Reader(classes), wanted)
    assert lacks in str(error.value)


def test_a_secret_without_a_key_is_refused_and_says_which():
    secret = {"metadata": {"name": "s3"}, "data": {"AWS_ACCESS_KEY_ID": "eA=="}}
    with pytest.raises(WorkError, match="lacks AWS_SECRET_ACCESS_KEY"):
        requirements.require_secret(Reader([secret]), "monitoring", "s3")
    with pytest.raises(WorkError, match="no such Secret"):
        requirements.require_secret(Reader([]), "monitoring", "s3")
