# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of minikube's state: what is put there for a start, and its end.

One that was made here carries a mark and goes with its last profile; one that was there before stays.
"""

from __future__ import annotations

import os
import shutil

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube import MinikubeError, profile_folder
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube_record import SUFFIX, digest

MARK = "made-by-runtime_security.kubernetes"
# What minikube takes instead of downloading it: images, and programs of Kubernetes (pkg/minikube/constants, v1.38.1).
CACHED = ("images", "linux")


class StateFolder:
    """The folder .minikube of a home; O(record) is the Record of the profile, for the files that were written for it."""

    def __init__(self, home, record):
        self.path = profile_folder(home)
        self._written = record.files
        self._record = record

    def make(self):
        """Make it, and mark it unless somebody has something in it. The locks of profiles are there before anything else."""
        os.makedirs(self.path, mode=0o755, exist_ok=True)
        if all(name.endswith((".lock", SUFFIX)) for name in os.listdir(self.path)):
            _write(
                os.path.join(self.path, MARK), "Made by runtime_security.kubernetes; removed with its last cluster.\n"
            )

    def read(self, names):
        """The content of files of the node, by their path there; None for one that is not here."""
        return {name: _read(self._file(name)) for name in names}

    def holds_any(self, files):
        """Whether something that was written for the profile is here: its record, or a file of the node with its content."""
        return os.path.lexists(self._record.path) or bool(self._ours(files))

    def _ours(self, files):
        """Paths of files of the node with the content that was written here; others are the user's."""
        known = {name: {digest(content)} for name, content in files.items()}
        for name, written in self._written.items():
            known.setdefault(name, set()).add(written)
        found = {name: _read(self._file(name)) for name in known}
        return [
            self._file(name)
            for name, content in found.items()
            if content is not None and digest(content) in known[name]
        ]

    def supply(self, cache, files):
        """Put here what minikube takes from here at a start."""
        for name in CACHED if cache else ():
            self._link(os.path.join(cache, name), os.path.join(self.path, "cache", name))
        for name, content in files.items():
            there = _read(self._file(name))
            if there not in (None, content) and not self._is_marked() and digest(there) != self._written.get(name):
                raise MinikubeError(
                    "minikube_home: %s has a content that was not written here. Nothing was changed. Expected is no such file. "
                    "Fix: move it away, or choose another minikube_home." % self._file(name)
                )
            if there != content:
                os.makedirs(os.path.dirname(self._file(name)), mode=0o755, exist_ok=True)
                _write(self._file(name), content)

    def goes_with(self, profile, nodes):
        """Whether it was made here, and this profile, which may be gone, is its last, with machines of these names."""
        others = set(_folders(os.path.join(self.path, "profiles"))) - {profile}
        others |= set(_folders(os.path.join(self.path, "machines"))) - set(nodes)
        # One that is being made has nothing but its lock. The other one is minikube's own, and no profile's: of a DNS label.
        locks = {name for name in _names(self.path) if name.endswith(".lock")} - {
            profile + ".lock",
            "machine_client.lock",
        }
        return self._is_marked() and not others and not locks

    def clean(self, profile, nodes, files):
        """Remove it where it goes with the profile, else what was written for the profile."""
        ours = self._ours(files)
        self._record.remove()
        if self.goes_with(profile, nodes):
            shutil.rmtree(self.path)
            return
        for path in ours:
            os.unlink(path)

    def _is_marked(self):
        return os.path.exists(os.path.join(self.path, MARK))

    def _file(self, name):
        return os.path.join(self.path, "files", name.lstrip("/"))

    def _link(self, source, path):
        if os.path.islink(path) and os.readlink(path) == source:
            return
        if not os.path.isdir(source):
            raise MinikubeError("minikube_cache has no folder %s. Set it to a folder with images and linux." % source)
        if os.path.lexists(path) and not os.path.islink(path):
            raise MinikubeError(
                "%s holds what minikube downloaded itself, so the one that was given cannot take its place. Remove it, or "
                "leave minikube_cache away." % path
            )
        if os.path.islink(path) and not self._is_marked():
            raise MinikubeError(
                "minikube_cache: %s is a link to %s that was not made here. Nothing was changed. Expected is no such link. Fix: "
                "remove it, or choose another minikube_home." % (path, os.readlink(path))
            )
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        beside = path + ".new"
        if os.path.lexists(beside):
            os.unlink(beside)
        os.symlink(source, beside)
        os.replace(beside, path)


def _names(path):
    return os.listdir(path) if os.path.isdir(path) else []


def _folders(path):
    return [name for name in _names(path) if os.path.isdir(os.path.join(path, name))]


def _read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return None


def _write(path, content):
    """Whole or not at all."""
    beside = path + ".new"
    with open(beside, "w", encoding="utf-8") as file:
        file.write(content)
    os.chmod(beside, 0o644)
    os.replace(beside, path)
