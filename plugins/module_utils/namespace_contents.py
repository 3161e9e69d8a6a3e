# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody put into a namespace. Private to the collection."""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader

# Made by the cluster for each namespace, pod or Service.
TRANSIENT = {"Endpoints", "EndpointSlice", "Event", "PodMetrics"}
EVERYWHERE = {
    "ConfigMap/istio-ca-root-cert",
    "ConfigMap/kube-root-ca.crt",
    "ConfigMap/openshift-service-ca.crt",
    "ServiceAccount/builder",
    "ServiceAccount/default",
    "ServiceAccount/deployer",
}


def put_there(kind: str, metadata: dict, leave_out: list[str]) -> bool:
    """Whether somebody made the object, and not the cluster by itself or one of those that do not count."""
    words = {**(metadata.get("annotations") or {}), **(metadata.get("labels") or {})}
    return (
        kind not in TRANSIENT
        and f"{kind}/{metadata['name']}" not in EVERYWHERE
        and not metadata.get("ownerReferences")
        and not metadata.get("deletionTimestamp")
        and not {f"{name}={value}" for name, value in words.items()}.intersection(leave_out)
    )


def objects(reader: Reader, namespace: str, leave_out: list[str]) -> list[str]:
    """Kind and name of each object that counts; raises UnclearAnswer where one may be overlooked."""
    # Asked for now: kubernetes.core keeps the kinds it once found at an address in a file, and would overlook newer ones.
    found = set()
    for resource in reader.namespaced_kinds():
        # Nothing of an object but its metadata leaves the API server. A kind that has gone meanwhile has no objects.
        found |= {
            f"{resource.kind}/{item['metadata']['name']}"
            for item in reader.all_of(resource, namespace, metadata_only=True)
            if put_there(resource.kind, item["metadata"], leave_out)
        }
    return sorted(found)
