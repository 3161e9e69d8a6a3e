# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: lock_kept
version_added: 0.1.0
author: runtime_security.kubernetes maintainers (@runtime-security)
short_description: Whether the run still holds a lock
description:
  - Takes what M(runtime_security.kubernetes.run_lock) returned as C(note). True when the lock was renewed within its duration
    of 30 seconds, so that no other run can have taken it over, and where no lock was taken.
  - When it is false, run M(runtime_security.kubernetes.run_lock) again, which renews the lock or fails.
options:
  _input:
    description: The path of the note, or an empty string.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Make sure of the lock before something is removed
  runtime_security.kubernetes.run_lock:
    context: production
  when: lock.note is not runtime_security.kubernetes.lock_kept
"""

RETURN = r"""
_value:
  description: Whether it was.
  type: bool
"""

from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.run_keeper import Note


def kept(note: str) -> bool:
    return note == "" or Note(note).kept()


class TestModule:
    def tests(self) -> dict:
        return {"lock_kept": kept}
