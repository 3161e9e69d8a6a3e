# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: bundle_folder_faults
short_description: Why a folder is not that of a bundle
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - C(playbooks/bundle.yml) removes what does not belong to a bundle. A folder of another kind is recognized by its content.
positional: lock
options:
  _input:
    description: Names of the files and folders in it.
    type: list
    elements: str
    required: true
  lock:
    description: The text of its C(bundle.lock.yml); null where there is none.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Refuse a folder of something else
  ansible.builtin.assert:
    that: names | runtime_security.kubernetes.bundle_folder_faults(lock) == []
"""

RETURN = r"""
_value:
  description: The reasons; empty for the folder of a bundle, and for an empty one.
  type: list
  elements: str
"""

import yaml

# What a lock pins. An empty one is the first file of a bundle that was interrupted.
_LOCK = {"charts", "helm", "images", "rules"}


def bundle_folder_faults(names: list[str], lock: str | None) -> list[str]:
    """Why a folder with these entries is not that of a bundle; lock is the text of its lock, None where it has none."""
    if lock is None:
        return [f"it has {', '.join(sorted(names)[:5])}, and no bundle.lock.yml"] if names else []
    try:
        found = yaml.safe_load(lock)
    except yaml.YAMLError:
        found = None
    if not isinstance(found, dict) or not all(key in _LOCK and isinstance(found[key], dict) for key in found):
        return ["its bundle.lock.yml is not one that this playbook wrote"]
    return []


class FilterModule:
    def filters(self) -> dict:
        return {"bundle_folder_faults": bundle_folder_faults}
