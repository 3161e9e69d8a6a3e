# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: kubeconfig
version_added: 0.1.0
short_description: A path for a kubeconfig that is given as a variable
description:
  - Returns the path of a kubeconfig file. A path is returned as it is.
  - The content of one, a dictionary or a text, is put into a file that only its owner can read, in the folder that
    Ansible keeps for one run on the controller and removes at its end.
  - Clients need a file, Helm above all. The modules of P(kubernetes.core.k8s#module) also take a dictionary, and mask
    each of its texts in their answers, so that also words like C(v1) and C(admin) are missing from them.
notes:
  - A run that is killed cannot remove its files. The next one that needs such a file does.
  - The file is on the controller, so the modules that use it must run there too. With another connection than C(local) the
    content is refused.
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
options:
  _terms:
    description: Paths, or contents of kubeconfig files.
    type: list
    elements: raw
    required: true
"""

EXAMPLES = r"""
- name: Read the nodes of a cluster whose kubeconfig is in a vault
  kubernetes.core.k8s_info:
    kind: Node
    kubeconfig: "{{ lookup('runtime_security.kubernetes.kubeconfig', vault_kubeconfig) }}"
"""

RETURN = r"""
_raw:
  description: A path for each term.
  type: list
  elements: str
"""

import contextlib
import hashlib
import json
import multiprocessing
import os
import tempfile
from pathlib import Path

from ansible import constants
from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.kubeconfig import content, is_path

_PREFIX = "kubeconfig-"


def _run() -> int:
    """The process of the whole run; a lookup mostly runs in one that it started for a task."""
    parent = multiprocessing.parent_process()
    return parent.pid if parent else os.getpid()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _remove_leftovers(folder: Path) -> None:
    """The files of runs that were killed; their folders are beside ours."""
    for file in folder.parent.glob(f"*/{_PREFIX}*"):
        pid = file.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdigit() and not _alive(int(pid)):
            with contextlib.suppress(FileNotFoundError):
                file.unlink()


def _written(value: dict) -> str:
    text = json.dumps(value)
    folder = Path(constants.DEFAULT_LOCAL_TMP)
    file = folder / f"{_PREFIX}{_run()}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    if not file.exists():
        _remove_leftovers(folder)
        # Tasks of several hosts may want it at once; none of them must find half of it.
        descriptor, path = tempfile.mkstemp(prefix=f"{file.name}-", dir=folder)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(path, file)
    return str(file)


class LookupModule(LookupBase):
    """Makes files of contents."""

    def run(self, terms, variables=None, **kwargs):
        """The paths."""
        self.set_options(var_options=variables, direct=kwargs)
        paths = []
        for term in terms:
            if is_path(term):
                paths.append(term)
                continue
            value = content(term)
            if value is None:
                raise AnsibleLookupError(
                    "A kubeconfig is neither a path nor the content of one, with clusters, contexts and users."
                )
            connection = (variables or {}).get("ansible_connection") or "local"
            if connection.rpartition(".")[2] != "local":
                raise AnsibleLookupError(
                    f"A kubeconfig is given as its content, and {variables.get('inventory_hostname')} is reached by {connection}. "
                    "Expected the path of a file there, as the content is written to no other machine. Fix: put the file on that host, "
                    "readable by its owner alone, and set the variable to its path."
                )
            paths.append(_written(value))
        return paths
