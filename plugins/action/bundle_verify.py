# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from ansible import constants
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import bundle_verify
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.action_door import ActionDoor


class ActionModule(ActionDoor):
    """Reads a gigabyte once a run: each role verifies the bundle that it uses, and they use the same."""

    work = bundle_verify

    def run(self, tmp=None, task_vars=None):
        note = note_of(
            self._task.delegate_to or (task_vars or {}).get("inventory_hostname", "localhost"),
            str(self._task.args.get("path")),
        )
        if note.exists():
            return json.loads(note.read_text(encoding="utf-8"))
        result = super().run(tmp, task_vars)
        if not result.get("failed"):
            note.write_text(json.dumps(result), encoding="utf-8")
        return result


def note_of(host, path):
    """The file with the result of this run for a bundle on a host; Ansible removes its folder when the run ends."""
    key = hashlib.sha256(json.dumps([host, path]).encode()).hexdigest()[:16]
    return Path(constants.DEFAULT_LOCAL_TMP) / f"bundle-verified-{key}"
