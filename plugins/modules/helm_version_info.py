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

import re

from ansible.module_utils.basic import AnsibleModule

# Characters of what a program that is not Helm prints.
SHORT = 200


def main():
    module = AnsibleModule(
        argument_spec=dict(binary=dict(type="path", default="helm")),
        supports_check_mode=True,
    )
    program = module.get_bin_path(module.params["binary"])
    if program is None:
        module.exit_json(changed=False, version="", said="there is no such program")
    dummy, stdout, stderr = module.run_command([program, "version", "--template", "{{.Version}}"])
    match = re.match(r"v(\d+\.\d+\.\d+)", stdout)
    said = "" if match else "it said %s" % ((stderr or stdout).strip()[:SHORT] or "nothing")
    module.exit_json(changed=False, version=match.group(1) if match else "", said=said)


if __name__ == "__main__":
    main()
