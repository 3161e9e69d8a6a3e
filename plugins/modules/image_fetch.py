#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_fetch
short_description: Fetch an image from a registry into a verified archive
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Copies one image into a docker-archive with C(skopeo), without a container engine.
  - The image is fetched by digest. The archive is verified, including every layer, before it gets its name; an existing
    file is complete.
  - An existing archive is verified the same way, and fetched again only if it is wrong.
options:
  path:
    description: Path of the archive, without a colon. Its parent folders are created.
    type: path
    required: true
  name:
    description: Full name and tag of the image in the archive.
    type: str
    required: true
  source:
    description: Reference of the image at its registry. A tag is ignored.
    type: str
    required: true
  manifest:
    description: Digest of the image's manifest.
    type: str
    required: true
  id:
    description: Digest of the image's configuration.
    type: str
    required: true
attributes:
  check_mode:
    description: Can run in check mode and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Returns why an archive is fetched again.
    support: full
requirements:
  - skopeo
seealso:
  - module: runtime_security.kubernetes.image_pins_info
  - module: runtime_security.kubernetes.image_archives
"""

EXAMPLES = r"""
- name: Read the current digests of Loki's tag
  runtime_security.kubernetes.image_pins_info:
    images:
      loki: docker.io/grafana/loki:3.6.3
  register: pins

- name: Fetch Loki's image
  runtime_security.kubernetes.image_fetch:
    path: /srv/bundle/images/loki.tar
    name: docker.io/grafana/loki:3.6.3
    source: docker.io/grafana/loki:3.6.3
    manifest: "{{ pins.pins.loki.manifest }}"
    id: "{{ pins.pins.loki.id }}"
"""

RETURN = r"""
path:
  description: The archive.
  returned: success
  type: str
  sample: /srv/bundle/images/loki.tar
size:
  description: Its size in bytes; 0 in check mode if it does not exist yet.
  returned: success
  type: int
  sample: 123834880
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import image_fetch
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(image_fetch)


if __name__ == "__main__":
    main()
