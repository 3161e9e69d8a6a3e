# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What most tasks need, loaded once: Ansible forks a worker for each task, which would load it again.

Ansible loads an action before it forks, and the action loads its work: the Kubernetes client comes with the first of them.
Lookups, filters and tests are loaded by whatever templates first, mostly a worker.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import pkgutil

from ansible.plugins.loader import filter_loader, test_loader

_PLUGINS = "ansible_collections.runtime_security.kubernetes.plugins"


def load_ahead() -> None:
    """Load them here. The plugin that needs a library reports where it is missing."""
    lookups = importlib.import_module(f"{_PLUGINS}.lookup")
    for found in pkgutil.iter_modules(lookups.__path__):
        with contextlib.suppress(ImportError):
            importlib.import_module(f"{lookups.__name__}.{found.name}")
    # To find one, the loader reads and keeps all of Ansible's and of the collection's.
    filter_loader.get("runtime_security.kubernetes.helm_values")
    test_loader.get("runtime_security.kubernetes.lock_kept")
    # As in action_door.py.
    gc.freeze()
