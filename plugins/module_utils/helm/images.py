# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The images that rendered charts run. Private to the collection."""

from __future__ import annotations

import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.yaml_library import LOADER, yaml

_CONTAINERS = ("initContainers", "containers")
# The operator of Prometheus makes pods itself, from what is set here.
_OPERATOR_GROUP = "monitoring.coreos.com/"
_OPERATOR_ARGUMENT = "--prometheus-config-reloader="


def images(manifests: str) -> list[str]:
    """Each image once, in order; those that only "helm test" would run do not count. Raises ValueError for what is no YAML.

    >>> images("kind: Pod\\nspec: {containers: [{image: a:1}]}")
    ['a:1']
    """
    try:
        documents = [document for document in yaml.load_all(manifests, Loader=LOADER) if isinstance(document, dict)]
    except yaml.YAMLError as error:
        raise ValueError(f"the manifests are no YAML: {error}") from error
    return sorted({image for document in documents if not is_test(document) for image in _images_of(document)})


def is_test(manifest: dict) -> bool:
    """Whether only "helm test" would make the object."""
    annotations = (manifest.get("metadata") or {}).get("annotations") or {}
    return any(hook.strip().startswith("test") for hook in annotations.get("helm.sh/hook", "").split(","))


def _images_of(document: dict) -> t.Iterator[str]:
    yield from _images_in(document)
    if str(document.get("apiVersion")).startswith(_OPERATOR_GROUP) and (document.get("spec") or {}).get("image"):
        yield document["spec"]["image"]


def _images_in(node: t.Any) -> t.Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in _CONTAINERS and isinstance(value, list):
                for container in value:
                    yield from [container["image"]] if container.get("image") else []
                    yield from _operator_images(container.get("args") or [])
            else:
                yield from _images_in(value)
    elif isinstance(node, list):
        for value in node:
            yield from _images_in(value)


def _operator_images(arguments: list) -> t.Iterator[str]:
    """The image that the operator puts beside each Prometheus."""
    for argument in arguments:
        if isinstance(argument, str) and argument.startswith(_OPERATOR_ARGUMENT):
            yield argument[len(_OPERATOR_ARGUMENT) :]
