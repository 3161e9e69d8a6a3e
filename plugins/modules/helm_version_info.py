#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: helm_version_info
short_description: Read the version of the Helm program
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description: Runs C(helm version), which asks no cluster. A program that does not exist, or is not Helm, has no version.
extends_documentation_fragment:
  - runtime_security.kubernetes.reading
options:
  binary_path:
    description: The Helm program, a path or a name in E(PATH).
    type: path
    default: helm
  required:
    description:
      - Whether it is an error when there is no such program, or its version is not one that this collection supports (Helm 3.16.0 or
        newer). In check mode it is a warning, since a run may install it before.
    type: bool
    default: false
  variable:
    description: Name of the variable that the error names in the place of O(binary_path).
    type: str
    default: binary_path
"""

EXAMPLES = r"""
- name: Read the version of the Helm in PATH
  runtime_security.kubernetes.helm_version_info:
  register: helm

- name: Fail early without a Helm that can be used
  runtime_security.kubernetes.helm_version_info:
    binary_path: /opt/helm/bin/helm
    required: true
"""

RETURN = r"""
version:
  description: The version without the leading V(v), or an empty string.
  returned: always
  type: str
  sample: 3.19.0
problem:
  description: Why there is no version, or an empty string.
  returned: success
  type: str
  sample: there is no such program
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm import version
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(version)


if __name__ == "__main__":
    main()
