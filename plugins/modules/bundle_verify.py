#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bundle_verify
short_description: Verify a bundle against its checksums
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
extends_documentation_fragment:
  - runtime_security.kubernetes.reading
description:
  - Compares the SHA-256 of every file that the bundle's C(SHA256SUMS) lists.
  - Fails if a file is missing, differs or is not listed, and names each.
  - In a playbook each bundle is read once a run. Later tasks with the same path on the same host return what the first one did.
options:
  path:
    description: Folder of the bundle.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: Verify the bundle
  runtime_security.kubernetes.bundle_verify:
    path: /srv/bundle
"""

RETURN = r"""
files:
  description: Number of compared files.
  returned: success
  type: int
  sample: 27
bytes:
  description: Their total size in bytes.
  returned: success
  type: int
  sample: 1305670912
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import bundle_verify
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(bundle_verify)


if __name__ == "__main__":
    main()
