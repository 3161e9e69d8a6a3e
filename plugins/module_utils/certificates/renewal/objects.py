# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects of the pod that renews certificates. Private to the collection."""

from __future__ import annotations

import hashlib
import json

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewal import programs
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewal.rights import rules
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.metrics import PORT
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.wanted import wanted

_PROGRAMS, _SETTINGS = "/programs", "settings.json"
# Before and behind the API server's Service: a policy cannot name the API server, which is no pod.
_API_PORTS = (443, 6443, 8443)


def labels(params: dict) -> dict[str, str]:
    """By which its objects are found; the owner's are among them. Some are in namespaces that two installations share."""
    return {**pod_labels(params), "runtime-security/namespace": params["namespace"]}


def pod_labels(params: dict) -> dict[str, str]:
    """By which its pod is found, in its namespace."""
    return {
        **params["owner"],
        "app.kubernetes.io/name": "certificate-renewal",
        "app.kubernetes.io/instance": params["name"],
    }


def objects(params: dict) -> list[dict]:
    """All objects in the order in which they are created."""
    declared = wanted(params)
    data = config(params)
    found = [_object("v1", "ServiceAccount", params, automountServiceAccountToken=False)]
    for namespace, allowed in sorted(rules(params, declared).items()):
        found += _role(params, namespace, allowed)
    found += [_object("v1", "ConfigMap", params, data=data), _deployment(params, data), _service(params)]
    return [*found, *([_monitor(params)] if params["monitor_labels"] is not None else []), *_policies(params)]


def unwanted(params: dict) -> list[dict]:
    """What a task with other options may have created."""
    found = (
        []
        if params["monitor_labels"] is not None
        else [_selected("monitoring.coreos.com/v1", "ServiceMonitor", params)]
    )
    return found + ([] if params["network_policy"] else [_selected("networking.k8s.io/v1", "NetworkPolicy", params)])


def everything(params: dict) -> list[dict]:
    """All that a task may have created, by its labels; what creates pods goes first."""
    namespaces = sorted({params["namespace"], *params["namespaces"], params["lock_namespace"]})
    kinds = [("apps/v1", "Deployment"), ("v1", "Service"), ("v1", "ConfigMap"), ("v1", "ServiceAccount")]
    kinds += [("networking.k8s.io/v1", "NetworkPolicy"), ("monitoring.coreos.com/v1", "ServiceMonitor")]
    found = [_selected(version, kind, params) for version, kind in kinds]
    for namespace in namespaces:
        for kind in ("RoleBinding", "Role"):
            found.append(_selected("rbac.authorization.k8s.io/v1", kind, params, namespace))
    return found


def config(params: dict) -> dict[str, str]:
    """The ConfigMap's data: programs by the names that a ConfigMap allows, and the settings, which have no secret."""
    settings = {
        "name": params["name"],
        "signs": params["signs"],
        "certificates": {key: params[key] for key in ("ca", "certificates", "renew_before_days", "renew", "owner")},
        "workloads": params["workloads"],
        "servers": params["servers"],
        "data_sources": params["data_sources"],
        "grafana": params["grafana"] if params["data_sources"] else {},
        "lock_namespace": params["lock_namespace"],
        "interval": params["interval"],
        "timeout": params["timeout"],
    }
    sources = {_key(path): source for path, source in programs.files().items()}
    return {**sources, _SETTINGS: json.dumps(settings, sort_keys=True, indent=1)}


def _key(path: str) -> str:
    return path.rpartition("module_utils/")[2].replace("/", ".")


def _metadata(params: dict, namespace: str, name: str) -> dict:
    return {"name": name, "namespace": namespace, "labels": labels(params)}


def _object(version: str, kind: str, params: dict, **content) -> dict:
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": _metadata(params, params["namespace"], params["name"]),
        **content,
    }


def _selected(version: str, kind: str, params: dict, namespace: str = "") -> dict:
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"namespace": namespace or params["namespace"], "labels": labels(params)},
    }


def _role(params: dict, namespace: str, allowed: list[dict]) -> list[dict]:
    own = namespace == params["namespace"]
    metadata = _metadata(params, namespace, params["name"] if own else f"{params['name']}-{params['namespace']}")
    group = "rbac.authorization.k8s.io"
    subject = {"kind": "ServiceAccount", "name": params["name"], "namespace": params["namespace"]}
    return [
        {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": metadata, "rules": allowed},
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": group, "kind": "Role", "name": metadata["name"]},
            "subjects": [subject],
        },
    ]


def _deployment(params: dict, data: dict[str, str]) -> dict:
    digest = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
    metadata = {"labels": pod_labels(params), "annotations": {"runtime-security/programs": digest}}
    return _object(
        "apps/v1",
        "Deployment",
        params,
        spec={
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": pod_labels(params)},
            "template": {"metadata": metadata, "spec": _pod(params)},
        },
    )


def _pod(params: dict) -> dict:
    paths = [{"key": _key(path), "path": path} for path in sorted(programs.files())]
    return {
        "serviceAccountName": params["name"],
        "automountServiceAccountToken": True,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 5,
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "runAsGroup": 65534,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": "renewal",
                "image": params["image"],
                "imagePullPolicy": "IfNotPresent",
                "command": ["python3", "-B", "-m", programs.MAIN, f"{_PROGRAMS}/{_SETTINGS}"],
                "env": [{"name": "PYTHONPATH", "value": _PROGRAMS}],
                "ports": [{"name": "metrics", "containerPort": PORT}],
                "readinessProbe": {"httpGet": {"path": "/", "port": "metrics"}, "timeoutSeconds": 5},
                "resources": {"requests": {"cpu": "5m", "memory": "48Mi"}, "limits": {"memory": "128Mi"}},
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                    "readOnlyRootFilesystem": True,
                },
                "volumeMounts": [{"name": "programs", "mountPath": _PROGRAMS, "readOnly": True}],
            }
        ],
        "volumes": [
            {
                "name": "programs",
                "configMap": {"name": params["name"], "items": [*paths, {"key": _SETTINGS, "path": _SETTINGS}]},
            }
        ],
    }


def _service(params: dict) -> dict:
    found = _object(
        "v1", "Service", params, spec={"selector": pod_labels(params), "ports": [{"name": "metrics", "port": PORT}]}
    )
    scraped = "true" if params["monitor_labels"] is None else "false"
    found["metadata"]["annotations"] = {"prometheus.io/scrape": scraped, "prometheus.io/port": str(PORT)}
    return found


def _monitor(params: dict) -> dict:
    spec = {"selector": {"matchLabels": pod_labels(params)}, "endpoints": [{"port": "metrics"}]}
    found = _object("monitoring.coreos.com/v1", "ServiceMonitor", params, spec=spec)
    found["metadata"]["labels"] = {**found["metadata"]["labels"], **params["monitor_labels"]}
    return found


def _policies(params: dict) -> list[dict]:
    if not params["network_policy"]:
        return []
    reader = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": params["metrics_namespace"]}}}
    names = {"ports": [{"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")]}
    spec = {
        "podSelector": {"matchLabels": pod_labels(params)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [reader], "ports": [{"port": PORT}]}],
        "egress": [names, {"ports": [{"port": port} for port in _API_PORTS]}, *_destinations(params)],
    }
    return [_object("networking.k8s.io/v1", "NetworkPolicy", params, spec=spec)]


def _destinations(params: dict) -> list[dict]:
    """The namespaces in which its servers and Grafana are, whatever their pods' ports."""
    found = {one["host"].split(".")[1] for one in params["servers"] if one["host"].count(".") > 1}
    found |= {params["grafana"]["namespace"]} if params["data_sources"] else set()
    return [
        {"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}]}
        for name in sorted(found)
    ]
