# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What this collection set in a minikube profile: its part of a record that is minikube's and the user's, too.

The file lies beside minikube's profiles. It is written as a whole: before a start with all that was and will be set, after it
with what is set. So a run that is killed in between never forgets a setting of its own.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube import profile_folder

SUFFIX = ".record.json"


def digest(content):
    """The digest under which a file's content is recorded."""
    return hashlib.sha256(content.encode()).hexdigest()


class Record:
    """Read once; C(known) is False for a profile from before the record, or one that others made."""

    def __init__(self, home, profile):
        self.path = os.path.join(profile_folder(home), profile + SUFFIX)
        self._data = self._read()
        self.known = bool(self._data)

    @property
    def extra_config(self):
        """Settings of components that were set here: {component.key: value}."""
        return dict(self._data.get("extra_config") or {})

    @property
    def files(self):
        """Digests of the node's files that were written here, by path."""
        return dict(self._data.get("files") or {})

    @property
    def nodes(self):
        """Ids of the nodes' containers, by name."""
        return dict(self._data.get("nodes") or {})

    @property
    def engine(self):
        """The identity of the engine that has them, or an empty string."""
        return self._data.get("engine") or ""

    @property
    def profile(self):
        """A copy of minikube's own record of the profile, or nothing."""
        return self._data.get("profile") or {}

    def begin(self, extra_config, files, engine):
        """Before a start in this engine: what was set before may be set still."""
        self._write(
            dict(
                self._data,
                extra_config=dict(self.extra_config, **extra_config),
                files=dict(self.files, **{path: digest(content) for path, content in files.items()}),
                engine=engine,
            )
        )

    def end(self, extra_config, files, **facts):
        """After it: what is set, and facts about the cluster (nodes, engine, profile)."""
        written = {path: digest(content) for path, content in files.items()}
        self._write(dict(self._data, extra_config=extra_config, files=written, **facts))

    def remove(self):
        self._data, self.known = {}, False
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)

    def _read(self):
        try:
            with open(self.path, encoding="utf-8") as file:
                data = json.load(file)
        except (FileNotFoundError, ValueError):
            return {}
        return data if isinstance(data, dict) else {}

    def _write(self, data):
        if data != self._data:
            beside = self.path + ".new"
            # minikube's record may name a proxy with its password.
            with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                json.dump(data, file, sort_keys=True)
            os.replace(beside, self.path)
        self._data, self.known = data, True
