#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_pins_info
short_description: Read the current digests of images from their registries
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
extends_documentation_fragment:
  - runtime_security.kubernetes.reading
description:
  - Reads the manifests of images with C(skopeo), several in parallel.
  - A tag can move; the returned digests always name the same content.
  - Credentials are those of C(skopeo login). Go programs like C(skopeo) read additional CA certificates from E(SSL_CERT_FILE).
options:
  images:
    description:
      - Images to read. The keys are your own names; the values are references with a registry, and with a tag or a digest.
    type: dict
    required: true
  architecture:
    description: Architecture of multi-platform images, as container images name it.
    type: str
    default: amd64
requirements:
  - skopeo
"""

EXAMPLES = r"""
- name: Read the current digests of Loki's tag
  runtime_security.kubernetes.image_pins_info:
    images:
      loki: docker.io/grafana/loki:3.6.3
  register: pins

- name: Show it
  ansible.builtin.debug:
    msg: "{{ pins.pins.loki.digest }}"
"""

RETURN = r"""
pins:
  description: Digests of each reference, by the keys of O(images).
  returned: success
  type: dict
  sample:
    loki:
      digest: sha256:1a62a2e6f3b5f9f1a7c3b6f7ad0c1d7a6b9c6b1c3fb0a8f51b3a5f7f3f4d9c01
      manifest: sha256:7b1f0b3f4c6b4a6bb6a1b4e5b6d7c8e9f0a1b2c3d4e5f60718293a4b5c6d7e8f
      id: sha256:9c4f0c2e5f6a7b8c9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e
  contains:
    digest:
      description: Digest of the reference, a manifest or a list of manifests.
      type: str
    manifest:
      description: Digest of the manifest for the architecture.
      type: str
    id:
      description: Digest of the image's configuration.
      type: str
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import image_pins
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(image_pins)


if __name__ == "__main__":
    main()
