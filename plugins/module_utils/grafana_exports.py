# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exports of dashboards, in the forms that Grafana 9 to 13 write, and their inputs.

A classic export for other Grafanas has the data sources it needs in C(__inputs), named after the data source they were
(C(DS_) and its name, with whatever characters that has), and library panels in C(__elements). A V1 resource is the classic
dashboard in C(spec). A V2 resource has a label at each query instead of an input
(public/app/features/dashboard-scene/scene/export/exporters.ts of grafana/grafana, main branch).
"""

from __future__ import annotations

import re
import typing as t

_GROUP = "dashboard.grafana.app"
_EXPORT_LABEL = "grafana.app/export-label"
_FOLDER = "grafana.app/folder"
_REFERENCE = re.compile(r"\$\{([^}:]+)\}")
# Plugins that every Grafana has, and the uid of their data source.
_BUILT_IN = {"__expr__": "__expr__", "grafana": "-- Grafana --", "mixed": "-- Mixed --", "dashboard": "-- Dashboard --"}


class DefinitionError(Exception):
    """A dashboard's definition that cannot be used; the message says which and why."""


class Input(t.NamedTuple):
    """What an export asks for: its name, the plugin's id for a data source, a constant's own value."""

    name: str
    plugin: str
    value: str | None


def _problem(title: t.Any, problem: str, fix: str) -> DefinitionError:
    return DefinitionError(f"dashboard {title!r} {problem}: {fix}")


def _resource(found: dict) -> dict:
    group, _slash, version = str(found["apiVersion"]).partition("/")
    metadata, spec = found.get("metadata") or {}, found.get("spec")
    if not isinstance(metadata, dict) or not isinstance(spec, dict):
        raise DefinitionError("a dashboard's resource has no title: give the whole resource, as Grafana exports it")
    name = found.get("uid") or metadata.get("name")
    if group != _GROUP or not re.match(r"v[0-9]", version):
        raise _problem(
            name or spec.get("title"),
            f"has the apiVersion {found['apiVersion']!r}",
            f"export it with one of {_GROUP}, as v1beta1 or v2",
        )
    if version.startswith("v2"):
        kept = {key: metadata[key] for key in ("labels", "annotations") if metadata.get(key)}
        return {
            "apiVersion": found["apiVersion"],
            "metadata": kept,
            "spec": spec,
            "uid": name,
            "title": spec.get("title"),
        }
    classic = {**spec, "uid": name or spec.get("uid")}
    folder = (metadata.get("annotations") or {}).get(_FOLDER)
    return {**classic, "__folder": folder} if folder else classic


def unwrapped(definition: t.Any) -> t.Any:
    """The dashboard without its envelope, under the keys C(uid) and C(title).

    Takes classic JSON, the answer of the dashboard API (C(dashboard) and C(meta)), and resources; a V2 resource stays one.
    """
    if not isinstance(definition, dict):
        return definition
    if definition.get("apiVersion"):
        return _resource(definition)
    inside = definition.get("dashboard")
    if "title" not in definition and isinstance(inside, dict):
        folder = (definition.get("meta") or {}).get("folderUid")
        return {**inside, "__folder": folder} if folder else inside
    if {"elements", "layout"} <= set(definition) and "spec" not in definition:
        raise _problem(
            definition.get("title"),
            "is the inside of a V2 resource, which does not say its version",
            "give the whole resource, with apiVersion, metadata and spec",
        )
    return definition


def is_v2(definition: dict) -> bool:
    """True for a V2 resource, after C(unwrapped)."""
    return isinstance(definition.get("spec"), dict) and "apiVersion" in definition


def folder_of(definition: dict) -> str:
    """The folder it was exported from, as far as it says so."""
    annotations = (definition.get("metadata") or {}).get("annotations") or {} if is_v2(definition) else {}
    return str(definition.get("__folder") or annotations.get(_FOLDER) or "")


def _walk(node: t.Any) -> t.Iterator[dict]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from _walk(item)


def _labelled(definition: dict) -> t.Iterator[Input]:
    for node in _walk(definition["spec"]):
        label = (node.get("labels") or {}).get(_EXPORT_LABEL) if isinstance(node.get("labels"), dict) else None
        if label and node.get("group") != "datasource":
            yield Input(str(label), str(node.get("group") or ""), None)


def _undeclared(definition: dict, known: set[str]) -> t.Iterator[Input]:
    # Many public dashboards keep the references but lost the list.
    for node in _walk(definition):
        source = node.get("datasource")
        uid = source.get("uid") if isinstance(source, dict) else source
        found = _REFERENCE.fullmatch(uid) if isinstance(uid, str) else None
        if found and found.group(1) not in known:
            yield Input(found.group(1), str(source.get("type") or "") if isinstance(source, dict) else "", None)


def inputs_of(definition: dict) -> list[Input]:
    """Everything that has to be filled in, each once."""
    if is_v2(definition):
        return list(dict.fromkeys(_labelled(definition)))
    declared = [
        Input(
            str(one["name"]),
            str(one.get("pluginId") or ""),
            str(one["value"]) if one.get("type") == "constant" and "value" in one else None,
        )
        for one in definition.get("__inputs") or []
    ]
    variables = {str(one.get("name")) for one in (definition.get("templating") or {}).get("list") or []}
    return [*declared, *dict.fromkeys(_undeclared(definition, variables | {one.name for one in declared}))]


def value_of(wanted: Input, inputs: dict[str, str]) -> str | None:
    """The value of an input; None where nobody gives one."""
    # Exports call the same source by many names, so a plugin's id serves all of them.
    for key in (wanted.name, wanted.plugin):
        if key and key in inputs:
            return inputs[key]
    return _BUILT_IN.get(wanted.plugin, wanted.value)


def missing(definitions: list, inputs: dict[str, str]) -> list[str]:
    """The names of the inputs that nobody gives a value for, each once."""
    wanted = [one for definition in definitions for one in inputs_of(unwrapped(definition))]
    return list(dict.fromkeys(one.name for one in wanted if value_of(one, inputs) is None))


def _replaced(node: t.Any, pattern: re.Pattern, values: dict[str, str]) -> t.Any:
    if isinstance(node, str):
        return pattern.sub(lambda match: values[match.group(1)], node)
    if isinstance(node, list):
        return [_replaced(item, pattern, values) for item in node]
    if isinstance(node, dict):
        return {key: _replaced(item, pattern, values) for key, item in node.items()}
    return node


def _labels_filled(node: t.Any, values: dict[str, str]) -> t.Any:
    if isinstance(node, list):
        return [_labels_filled(item, values) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: _labels_filled(item, values) for key, item in node.items()}
    labels = node.get("labels")
    if not isinstance(labels, dict) or _EXPORT_LABEL not in labels:
        return node
    name = values.get(str(labels[_EXPORT_LABEL]))
    left = {key: value for key, value in labels.items() if key != _EXPORT_LABEL}
    node = {key: value for key, value in node.items() if key != "labels"}
    return {**node, **({"labels": left} if left else {}), **({"datasource": {"name": name}} if name else {})}


def filled(definition: dict, inputs: dict[str, str]) -> dict:
    """The dashboard with the values of its inputs in their places."""
    values: dict[str, str] = {}
    for wanted in inputs_of(definition):
        value = value_of(wanted, inputs)
        if value is None:
            kind = f" or {wanted.plugin}" if wanted.plugin else ""
            raise _problem(
                definition.get("title"),
                f"asks for the input {wanted.name!r}, which inputs does not have",
                f"add {wanted.name}{kind} with the uid of a data source",
            )
        values[wanted.name] = value
    if is_v2(definition):
        return {**definition, "spec": _labels_filled(definition["spec"], values)}
    if not values:
        return definition
    pattern = re.compile(r"\$\{(" + "|".join(map(re.escape, values)) + r")\}")
    listed = {key: value for key, value in definition.items() if key != "__inputs"}
    return _replaced(listed, pattern, values)


def _inlined(panel: dict, elements: dict) -> dict:
    reference = panel.get("libraryPanel")
    nested = [_inlined(one, elements) for one in panel.get("panels") or []]
    panel = {**panel, "panels": nested} if nested else panel
    if not isinstance(reference, dict):
        return panel
    element = elements.get(reference.get("uid")) or {}
    model = element.get("model") or reference.get("model")
    if not model:
        return panel
    own = {key: panel[key] for key in ("gridPos", "id") if key in panel}
    title = {"title": element.get("name") or reference.get("name") or ""}
    return {**title, **{key: value for key, value in model.items() if key != "libraryPanel"}, **own}


def with_library_panels(body: dict, elements: t.Any) -> dict:
    """The dashboard with the content of exported library panels in its panels, which are panels of its own then."""
    panels = body.get("panels")
    if not isinstance(panels, list):
        return body
    # Grafana 8 wrote an empty list where there was none.
    return {**body, "panels": [_inlined(one, elements if isinstance(elements, dict) else {}) for one in panels]}


def library_panels(body: dict) -> list[str]:
    """The uids of the library panels whose content is not in the dashboard: Grafana has to have them."""
    found = [node["libraryPanel"].get("uid") for node in _walk(body) if isinstance(node.get("libraryPanel"), dict)]
    return sorted({str(uid) for uid in found if uid})
