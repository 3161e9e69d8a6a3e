#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: helm_version_info
short_description: Ask the Helm program for its version
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Runs C(helm version), which asks no cluster. A program that is not there, or is not Helm, has no version.
extends_documentation_fragment:
  - runtime_security.kubernetes.reading
options:
  binary:
    description: The Helm program, a path or a name in E(PATH).
    type: path
    default: helm
"""

EXAMPLES = r"""
- name: Ask the Helm in PATH
  runtime_security.kubernetes.helm_version_info:
  register: helm
"""

RETURN = r"""
version:
  description: The version without the leading V(v), or nothing.
  returned: success
  type: str
  sample: 3.19.0
said:
  description: What stands in the way of a version, or nothing.
  returned: success
  type: str
  sample: there is no such program
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import helm_version
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(helm_version)


if __name__ == "__main__":
    main()
