"""All objects of a cluster, as far as somebody has to change them for them to change."""

from __future__ import annotations

import json

from live.lab_cluster import kubectl

# What moves by itself.
RESTLESS = ("componentstatuses", "endpoints", "endpointslices", "events", "ipaddresses", "leases")
METRICS = "metrics.k8s.io"


def kinds():
    listed = kubectl("api-resources", "--verbs=list", "--output=name").split()
    return [name for name in listed if name.split(".")[0] not in RESTLESS and not name.endswith(METRICS)]


def resting(item):
    """An object without what the cluster writes into it."""
    metadata = {
        key: value for key, value in item["metadata"].items() if key not in ("managedFields", "resourceVersion")
    }
    if item["kind"] == "Node":
        metadata.pop("annotations", None)
    return {key: value for key, value in item.items() if key != "status"} | {"metadata": metadata}


def snapshot():
    """Every object by kind, namespace and name, once the cluster has cleared away what the proof left to it."""
    kubectl("wait", "--for=delete", "namespace/pipeline-proof", "--timeout=2m")
    items = json.loads(kubectl("get", ",".join(kinds()), "--all-namespaces", "--output=json"))["items"]
    return {
        f"{item['kind']} {item['metadata'].get('namespace', '')}/{item['metadata']['name']}": resting(item)
        for item in items
    }


def changed(before, after):
    """What is missing or different."""
    return sorted(name for name, item in before.items() if after.get(name) != item)


def added(before, after):
    return sorted(set(after) - set(before))
