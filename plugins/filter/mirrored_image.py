# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: mirrored_image
short_description: Full name of an image, at the mirror of its registry
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Completes the reference as container runtimes do (V(python:3.13) is V(docker.io/library/python:3.13)).
  - Puts a mirror's prefix in the place of the registry, where there is one for it.
positional: registries
options:
  _input:
    description: Reference of an image.
    type: str
    required: true
  registries:
    description: Prefixes by registry. A registry that is not named stays.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Show from where an image is pulled
  ansible.builtin.debug:
    msg: "{{ 'grafana/loki:3.6.3' | runtime_security.kubernetes.mirrored_image({'docker.io': 'mirror.example/hub'}) }}"
  # mirror.example/hub/grafana/loki:3.6.3
"""

RETURN = r"""
_value:
  description: The full reference.
  type: str
"""

from ansible.errors import AnsibleFilterError

DOCKER_HUB = "docker.io"


def full_name(image):
    """The reference with its registry and, on Docker Hub, its organisation, as container runtimes complete it."""
    first, slash, rest = image.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        first, rest = DOCKER_HUB, image
    if first == DOCKER_HUB and "/" not in rest:
        rest = "library/" + rest
    return "%s/%s" % (first, rest)


def mirrored_image(image, registries=None):
    if not isinstance(image, str) or not image or image != image.strip():
        raise AnsibleFilterError(
            "mirrored_image: '%s' is no image reference; give one like docker.io/grafana/loki:3.6.3" % image
        )
    name = full_name(image)
    registry, _slash, rest = name.partition("/")
    prefix = (registries or {}).get(registry)
    return "%s/%s" % (prefix.rstrip("/"), rest) if prefix else name


class FilterModule:
    def filters(self):
        return {"mirrored_image": mirrored_image}
