#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_fetch
short_description: Keep an image of a registry as a verified archive
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Copies one image into a docker-archive by C(skopeo), without a container engine.
  - The image is fetched by digest. The archive is read again, down to the last byte of each layer, before it gets its name;
    whoever finds the file finds all of it.
  - An archive that is there already is verified the same way, and fetched anew only when something is wrong with it.
options:
  path:
    description: The archive. Folders above it are made. The path cannot have a colon in it.
    type: path
    required: true
  name:
    description: Full name and tag that the archive gives the image.
    type: str
    required: true
  source:
    description: Reference of the image at the registry it is fetched from. A tag in it does not count.
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
    description: Can run in check mode and tell what would change.
    support: full
  diff_mode:
    description: Returns what is wrong with an archive that is fetched anew.
    support: full
requirements:
  - skopeo
seealso:
  - module: runtime_security.kubernetes.image_pins_info
  - module: runtime_security.kubernetes.image_archives
"""

EXAMPLES = r"""
- name: Ask what Loki's tag means today
  runtime_security.kubernetes.image_pins_info:
    images:
      loki: docker.io/grafana/loki:3.6.3
  register: pins

- name: Fetch it
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
  description: Its size in bytes; 0 in check mode where it is not there yet.
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
