# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: text_files
version_added: 0.1.0
short_description: Read the files that a user names, or say which cannot be read
description:
  - Looks where other lookups look, but reads no devices, no file of more than 4 MiB and nothing that is not UTF-8.
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
options:
  _terms:
    description: Paths on the controller, absolute or below C(files).
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Show what is in the files
  ansible.builtin.debug:
    msg: "{{ query('runtime_security.kubernetes.text_files', 'rules/a.yml', 'rules/b.yml') }}"
"""

RETURN = r"""
_raw:
  description: The texts in their order, null for a file that cannot be read.
  type: list
  elements: str
"""

from ansible.plugins.lookup import LookupBase
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils import text_file


class LookupModule(LookupBase):
    """Reads the files beside the playbook or role."""

    def run(self, terms, variables=None, **kwargs):
        """The texts."""
        self.set_options(var_options=variables, direct=kwargs)
        return [
            text_file.read(self.find_file_in_search_path(variables, "files", term, ignore_missing=True) or None)
            for term in terms
        ]
