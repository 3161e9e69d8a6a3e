# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects as an API server has them, Helm's records among them."""

from __future__ import annotations

import base64
import gzip
import json

KINDS = {
    "v1": ["Namespace", "Node", "ConfigMap", "PersistentVolumeClaim", "Pod", "Secret", "Service", "ServiceAccount"],
    "apps/v1": ["ControllerRevision", "DaemonSet", "Deployment", "StatefulSet"],
    "apiextensions.k8s.io/v1": ["CustomResourceDefinition"],
    "batch/v1": ["Job"],
    "coordination.k8s.io/v1": ["Lease"],
    "monitoring.coreos.com/v1": ["PrometheusRule"],
    "networking.k8s.io/v1": ["Ingress", "NetworkPolicy"],
    "rbac.authorization.k8s.io/v1": ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"],
    "storage.k8s.io/v1": ["StorageClass"],
}
WITHOUT_NAMESPACE = {
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "Namespace",
    "Node",
    "StorageClass",
}


def made(
    kind: str, name: str, labels: dict | None = None, namespace: str | None = "monitoring", **fields: object
) -> dict:
    """An object."""
    version = next(version for version, kinds in KINDS.items() if kind in kinds)
    metadata = {"name": name, "labels": labels or {}, "uid": f"{kind}-{name}"}
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": metadata | ({} if kind in WITHOUT_NAMESPACE else {"namespace": namespace}),
        **fields,
    }


def release(
    name: str,
    status: str = "deployed",
    revision: int = 1,
    config: dict | None = None,
    chart: str = "",
    version: str = "1.0.0",
    manifest: str = "",
) -> dict:
    """Helm's Secret of a release."""
    record = {
        "chart": {"metadata": {"name": chart or name, "version": version}},
        "config": config or {},
        "info": {"status": status},
        "manifest": manifest,
    }
    packed = base64.b64encode(gzip.compress(json.dumps(record).encode()))
    return made(
        "Secret",
        f"sh.helm.release.v1.{name}.v{revision}",
        {"owner": "helm", "name": name, "version": str(revision), "status": status},
        data={"release": base64.b64encode(packed).decode()},
    )


def mark(name: str, paths: list[str] | None = None) -> dict:
    """What says that a release, and the values at these paths, are ours."""
    found = made("ConfigMap", f"runtime-security-release-{name}", {"runtime-security/release": name})
    if paths is not None:
        found["metadata"]["annotations"] = {"runtime-security/values": json.dumps(paths)}
    return found
