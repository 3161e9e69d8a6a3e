# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role loki_stack removes, and what it leaves to others."""

from __future__ import annotations

import pytest
from api_double import Cluster
from objects_double import made, mark, release
from plays import entry, run

OURS = {"app.kubernetes.io/managed-by": "runtime_security.kubernetes"}
MARKED = {"runtime-security/release": "loki"}
NAMESPACE = made("Namespace", "monitoring", OURS)
OTHER = made("ConfigMap", "of-somebody-else")
CLAIM, SECRET = made("PersistentVolumeClaim", "storage-loki-0"), made("Secret", "loki-s3")
TEMPLATE = {"metadata": {"labels": {}}, "spec": {"volumes": []}}
POD_SET = made("StatefulSet", "loki", {"app.kubernetes.io/instance": "loki"}, spec={"template": TEMPLATE})
DEPLOYED = {"PersistentVolumeClaim/storage-loki-0", "Secret/loki-s3", "StatefulSet/loki"}


def remove(*objects, options=(), **inputs):
    cluster = Cluster(NAMESPACE, OTHER, *objects)
    done = run(cluster, [entry("loki_stack", "remove")], *options, **inputs)
    assert done.returncode == 0, done.stdout
    return cluster, done.stdout


@pytest.mark.parametrize(
    "theirs",
    [(), (release("loki"),), (mark("loki"),)],
    ids=["without Helm", "by Helm", "where ours was refused"],
)
def test_a_loki_of_somebody_else_keeps_its_claim_and_its_secret(theirs):
    cluster, _said = remove(POD_SET, CLAIM, SECRET, *theirs)
    assert cluster.names() >= DEPLOYED
    assert [change for change in cluster.changes if "loki-s3" in change or "storage-loki" in change] == []


def test_ours_goes_with_its_claim_its_secret_and_its_mark():
    secret = made("Secret", "loki-s3", OURS)
    cluster, _said = remove(POD_SET, CLAIM, secret, release("loki"), mark("loki"))
    assert cluster.names() == {"Namespace/monitoring", "ConfigMap/of-somebody-else"}


def test_a_removal_that_was_killed_is_completed():
    """Helm was done, and so were the marks; what was left says itself that it was ours."""
    left = [made("PersistentVolumeClaim", "storage-loki-0", MARKED), made("Secret", "loki-s3", OURS)]
    cluster, _said = remove(*left)
    assert cluster.names() == {"Namespace/monitoring", "ConfigMap/of-somebody-else"}


def test_the_claim_is_marked_before_helm_begins():
    cluster, _said = remove(POD_SET, CLAIM, release("loki"), mark("loki"))
    assert cluster.changes[:1] == ["PATCH persistentvolumeclaims/storage-loki-0"]


def test_a_dry_run_announces_the_claim_and_changes_nothing():
    cluster, said = remove(POD_SET, CLAIM, release("loki"), mark("loki"), options=["--check"])
    assert cluster.changes == []
    assert "changed: [localhost]" in said.split("with what Helm leaves of them]")[1].split("TASK")[0]


def test_a_second_removal_changes_nothing():
    cluster, said = remove()
    assert cluster.changes == []
    assert "changed=0" in said


S3 = {"loki_stack_mode": "simple_scalable", "loki_stack_s3_bucket": "chunks", "loki_stack_s3_region": "eu-central-1"}
REVISION = made(
    "ControllerRevision",
    "loki-1",
    revision=1,
    data={"spec": {"template": TEMPLATE}},
)
REVISION["metadata"]["ownerReferences"] = [{"kind": "StatefulSet", "name": "loki"}]


def test_a_mistyped_secret_of_s3_is_refused_before_anything_goes():
    cluster = Cluster(NAMESPACE, POD_SET, CLAIM, REVISION, release("loki"), mark("loki"))
    inputs = S3 | {"loki_stack_s3_secret": "mistyped", "loki_stack_replace": True, "loki_stack_persistence": False}
    done = run(cluster, [entry("loki_stack", "apply")], **inputs)
    assert done.returncode != 0
    assert "loki_stack_s3_secret: no such Secret ('mistyped')" in " ".join(done.stdout.split())
    assert cluster.changes == []
    assert "StatefulSet/loki" in cluster.names()


def test_a_release_taken_over_can_be_replaced():
    cluster = Cluster(NAMESPACE, POD_SET, CLAIM, REVISION, release("loki"))
    inputs = {"loki_stack_take_ownership": True, "loki_stack_replace": True, "loki_stack_persistence": False}
    done = run(cluster, [entry("loki_stack", "apply")], "--check", **inputs)
    said = done.stdout.partition(" | Uninstall a Loki of another kind, and an agent that was chosen before]")[2]
    assert "changed: [localhost]" in said.partition("TASK")[0], done.stdout
    assert done.returncode == 0, done.stdout


def test_a_loki_that_only_its_revisions_describe_so_is_not_replaced():
    """The newest revision is missing from the list: the set itself says that nothing has to go."""
    now = {"metadata": {"labels": {}}, "spec": {"volumes": [{"name": "storage", "emptyDir": {}}]}}
    pods = made("StatefulSet", "loki", {"app.kubernetes.io/instance": "loki"}, spec={"template": now})
    cluster = Cluster(NAMESPACE, pods, CLAIM, REVISION, release("loki"), mark("loki"))
    inputs = {"loki_stack_replace": True, "loki_stack_persistence": False}
    done = run(cluster, [entry("loki_stack", "apply")], **inputs)
    assert done.returncode != 0
    assert "Which Loki exists in namespace monitoring is not clear" in " ".join(done.stdout.split())
    assert cluster.changes == []


def test_a_secret_of_s3_of_somebody_else_is_refused():
    theirs = made("Secret", "loki-s3", data={"AWS_ACCESS_KEY_ID": "dGhlaXJz"})
    cluster = Cluster(NAMESPACE, theirs)
    inputs = S3 | {
        "loki_stack_s3_access_key": "ours",
        "loki_stack_s3_secret_key": "word",
        "loki_stack_persistence": False,
    }
    done = run(cluster, [entry("loki_stack", "apply")], **inputs)
    assert done.returncode != 0
    assert "Secret monitoring/loki-s3: not managed by this collection" in " ".join(done.stdout.split()), done.stdout
    assert cluster.changes == []


def test_a_volume_of_a_release_taken_over_that_cannot_change_is_refused_before_anything_changes():
    """The claims of a StatefulSet keep their size; Helm would end in the middle."""
    claim = "{metadata: {name: storage}, spec: {resources: {requests: {storage: %s}}}}"
    made_by = "kind: StatefulSet\nmetadata: {name: loki}\nspec: {volumeClaimTemplates: [%s]}\n" % claim
    theirs = release("loki", manifest=made_by % "50Gi")
    cluster = Cluster(NAMESPACE, POD_SET, made("StorageClass", "standard"), REVISION, theirs)
    cluster.rendered = made_by % "10Gi"
    done = run(cluster, [entry("loki_stack", "apply")], loki_stack_take_ownership=True)
    said = " ".join(done.stdout.split())
    assert done.returncode != 0
    assert (
        "loki_stack_persistence_size: size of StatefulSet monitoring/loki, volume storage cannot change to 10Gi. Expected 50Gi"
        in said
    ), said
    assert cluster.changes == []


CERTIFICATES = (
    "loki-ca",
    "loki-ca-next",
    "loki-ca-previous",
    "loki-server-tls",
    "loki-agent-tls",
    "loki-grafana-tls",
    "loki-prover-tls",
)


@pytest.mark.parametrize("labels", [OURS, {}], ids=["ours", "somebody else's"])
def test_certificates_and_the_network_policy_go_if_they_are_ours(labels):
    objects = [made("Secret", name, labels) for name in CERTIFICATES] + [
        made("NetworkPolicy", name, labels) for name in ("loki", "log-agent")
    ]
    cluster, _said = remove(*objects)
    kept = {"Namespace/monitoring", "ConfigMap/of-somebody-else"}
    theirs = {f"Secret/{name}" for name in CERTIFICATES} | {"NetworkPolicy/loki", "NetworkPolicy/log-agent"}
    assert cluster.names() == kept | (set() if labels else theirs)
