# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import yaml
from ansible.errors import AnsibleFilterError

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
CONTAINERS = ("initContainers", "containers")
# The operator of Prometheus makes pods itself, from what it is told here.
OPERATOR_GROUP = "monitoring.coreos.com/"
OPERATOR_ARGUMENT = "--prometheus-config-reloader="


def is_test(manifest):
    """Whether only C(helm test) would make the object."""
    annotations = (manifest.get("metadata") or {}).get("annotations") or {}
    return any(hook.strip().startswith("test") for hook in annotations.get("helm.sh/hook", "").split(","))


def images_in(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key in CONTAINERS and isinstance(value, list):
                for container in value:
                    yield from [container["image"]] if container.get("image") else []
                    yield from operator_images(container.get("args") or [])
            else:
                yield from images_in(value)
    elif isinstance(node, list):
        for value in node:
            yield from images_in(value)


def operator_images(arguments):
    """The image that the operator puts beside each Prometheus."""
    for argument in arguments:
        if isinstance(argument, str) and argument.startswith(OPERATOR_ARGUMENT):
            yield argument[len(OPERATOR_ARGUMENT) :]


def images_of(document):
    """Images that an object runs."""
    yield from images_in(document)
    if str(document.get("apiVersion")).startswith(OPERATOR_GROUP) and (document.get("spec") or {}).get("image"):
        yield document["spec"]["image"]


def manifest_images(manifests):
    try:
        documents = [document for document in yaml.load_all(manifests, Loader=LOADER) if isinstance(document, dict)]
    except yaml.YAMLError as error:
        raise AnsibleFilterError("manifest_images: the manifests are no YAML: %s" % error) from error
    return sorted({image for document in documents if not is_test(document) for image in images_of(document)})


class FilterModule:
    def filters(self):
        return {"manifest_images": manifest_images}
