#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_archives
short_description: Load image archives into a minikube profile or the local Docker engine
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Loads archives whose images are missing in the target, or differ there.
  - Names and digests are read from the archives; an image counts as present when its configuration digest is the same. A
    load moves the image's name to the archive's image, so nothing is loaded if the target's list of images is unclear.
options:
  archives:
    description: Paths of docker-archives, as C(docker save) writes them. One may hold several images.
    type: list
    elements: path
    required: true
  target:
    description: Target of the images.
    type: str
    choices: [minikube, docker]
    default: minikube
  profile:
    description: Name of the minikube profile. It must run, except in check mode.
    type: str
    default: minikube
  binary:
    description: The program C(minikube) or C(docker), a path or a name in E(PATH). The default is O(target).
    type: path
  home:
    description: Folder of minikube's state, E(MINIKUBE_HOME). By default minikube's own.
    type: path
attributes:
  check_mode:
    description: Can run in check mode and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Returns the images that are added or replaced.
    support: full
"""

EXAMPLES = r"""
- name: Load the images of the charts into the node
  runtime_security.kubernetes.image_archives:
    archives:
      - /srv/bundle/images/stack.tar

- name: Load the image of the nodes into Docker
  runtime_security.kubernetes.image_archives:
    target: docker
    archives:
      - /srv/bundle/node.tar
"""

RETURN = r"""
images:
  description: Names of all images in the archives.
  returned: success
  type: list
  elements: str
  sample: ["docker.io/grafana/loki:3.6.3"]
loaded:
  description: Archives that were loaded, or would be in check mode.
  returned: success
  type: list
  elements: path
  sample: [/srv/bundle/images/stack.tar]
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import image_archives
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(image_archives)


if __name__ == "__main__":
    main()
