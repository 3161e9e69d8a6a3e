# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: mirrored_values
short_description: Values of a Helm chart with its images at the mirrors of their registries
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Sets C(registry) and C(repository) of each image whose registry has a mirror; the others stay as they are.
  - An image that the values name themselves is taken from there, and what they leave open from O(images).
positional: images, registries
options:
  _input:
    description: Values for the chart.
    type: dict
    required: true
  images:
    description:
      - What the chart's own values say of its images, by the path to each, its keys joined by dots.
      - A dictionary with C(registry) and C(repository), or only C(repository) where the chart has the whole name there.
    type: dict
    required: true
  registries:
    description: Prefixes by registry. A registry that is not named stays.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Show the values
  vars:
    images:
      image: {registry: docker.io, repository: grafana/grafana}
      server.image: {repository: quay.io/prometheus/prometheus}
  ansible.builtin.debug:
    msg: >-
      {{ {'image': {'tag': '12.3.1'}}
         | runtime_security.kubernetes.mirrored_values(images, {'docker.io': 'mirror.example/hub'}) }}
  # image: {registry: mirror.example, repository: hub/grafana/grafana, tag: 12.3.1}
"""

RETURN = r"""
_value:
  description: The values, changed where an image has a mirror.
  type: dict
"""

from ansible_collections.runtime_security.kubernetes.plugins.filter.mirrored_image import mirrored_image


def part_of(values, keys):
    """What is at a path of keys, or nothing."""
    for key in keys:
        values = values.get(key) if isinstance(values, dict) else None
    return values if isinstance(values, dict) else {}


def merged(values, keys, part):
    """A copy of the values with a part merged in at a path of keys."""
    values = values if isinstance(values, dict) else {}
    return {**values, **({keys[0]: merged(values.get(keys[0]), keys[1:], part)} if keys else part)}


def mirrored(image, registries):
    """Registry and repository at the mirror, in as many fields as the image has; nothing where there is no mirror."""
    reference = "/".join(str(image[field]) for field in ("registry", "repository") if image.get(field))
    name = mirrored_image(reference, registries)
    if name == mirrored_image(reference):
        return {}
    host, _slash, path = name.partition("/")
    return {"registry": host, "repository": path} if image.get("registry") else {"repository": name}


def mirrored_values(values, images, registries=None):
    for path, default in images.items() if registries else ():
        keys = path.split(".")
        # An empty registry is a choice: the whole name is in the repository.
        given = {field: value for field, value in part_of(values, keys).items() if value or field == "registry"}
        part = mirrored({**default, **given}, registries)
        values = merged(values, keys, part) if part else values
    return values


class FilterModule:
    def filters(self):
        return {"mirrored_values": mirrored_values}
