# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.in_worker import InWorker


class ActionModule(InWorker):
    """That of all our modules; meta/runtime.yml leads the others here."""
