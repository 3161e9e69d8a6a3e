# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Loki and which log agents a namespace has. Private to the collection."""

from __future__ import annotations

import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader

# A StatefulSet that each mode always has, and that holds data, by its name.
_SETS = {"loki": "monolithic", "loki-write": "simple_scalable", "loki-ingester": "distributed"}
# Its pods carry this annotation where a StatefulSet of the first name has its lines in S3.
STORE = "runtime-security/store"
# Layouts that keep their lines in S3, where another one of these finds them.
ON_S3 = ("monolithic_s3", "simple_scalable", "distributed")
AGENTS = (
    *("alloy", "otel-agent", "otel-audit-agent", "otel-events", "otel-nodes-agent"),
    *("promtail", "promtail-audit"),
)
# Pods of our agents carry this label; any other agent is left alone.
AGENT_LABELS = {"app.kubernetes.io/part-of": "runtime_security.kubernetes"}
# Size and class of the volume claims, on the pods: revisions do not have a StatefulSet's claim templates.
VOLUME = "runtime-security/volume"


class Existing(t.NamedTuple):
    """What the pods of a namespace are made from."""

    # Variant, layout and place of the data ("claim", or "pod", with which it is lost), "" where there is no Loki.
    kind: str
    # The volume as it was asked for when it was created, None where that is not recorded.
    volume: str | None
    # Names of our agents.
    agents: list[str]


def by_revisions(reader: Reader, namespace: str) -> Existing:
    """By the revisions that Kubernetes keeps of StatefulSets and DaemonSets: both kinds in one answer."""
    found = reader.all("ControllerRevision", "apps/v1", namespace)
    templates = {}
    for revision in sorted(found, key=lambda one: one.get("revision") or 0):
        owners = revision["metadata"].get("ownerReferences") or [{}]
        templates[owners[0].get("name")] = ((revision.get("data") or {}).get("spec") or {}).get("template") or {}
    return _described(templates)


def by_sets(reader: Reader, namespace: str) -> Existing:
    """By the StatefulSets themselves; the newest revision of one may be missing from the list of revisions."""
    sets = {name: reader.one("StatefulSet", "apps/v1", name, namespace) for name in _SETS}
    return _described({name: one["spec"]["template"] for name, one in sets.items() if one})


def _described(templates: dict[str, dict]) -> Existing:
    agents = [name for name in AGENTS if name in templates and AGENT_LABELS.items() <= _labels(templates[name]).items()]
    name = next((name for name in _SETS if name in templates), None)
    if name is None:
        return Existing("", None, agents)
    pod = templates[name]
    # The chart loki-stack labels its pods with their release.
    variant = "classic" if "release" in _labels(pod) else "current"
    volumes = (pod.get("spec") or {}).get("volumes") or []
    lost = any(volume.get("name") in ("storage", "data") and "emptyDir" in volume for volume in volumes)
    annotations = (pod.get("metadata") or {}).get("annotations") or {}
    layout = _SETS[name] + ("_s3" if annotations.get(STORE) == "s3" else "")
    return Existing(f"{variant} {layout} {'pod' if lost else 'claim'}", annotations.get(VOLUME), agents)


def on_s3(kind: str) -> bool:
    """Whether a Loki of this kind has its lines in S3."""
    return any(word in ON_S3 for word in kind.split())


def _labels(template: dict) -> dict:
    return (template.get("metadata") or {}).get("labels") or {}
