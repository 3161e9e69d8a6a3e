# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of minikube's state: what is put there for a start, and its end.

One that was made here carries a mark and goes with its last profile; one that was there before stays.
"""

from __future__ import annotations

import os
import shutil

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube import MinikubeError, profile_folder

MARK = "made-by-runtime_security.kubernetes"
# What minikube takes instead of downloading it: images, and programs of Kubernetes (pkg/minikube/constants, v1.38.1).
CACHED = ("images", "linux")


class StateFolder:
    """The folder .minikube of a home."""

    def __init__(self, home):
        self.path = profile_folder(home)

    def make(self):
        """Make it, and mark it unless somebody has something in it. The locks of profiles are there before anything else."""
        os.makedirs(self.path, mode=0o755, exist_ok=True)
        if all(name.endswith(".lock") for name in os.listdir(self.path)):
            _write(
                os.path.join(self.path, MARK), "Made by runtime_security.kubernetes; removed with its last cluster.\n"
            )

    def read(self, names):
        """The content of files of the node, by their path there; None for one that is not here."""
        return {name: _read(self._file(name)) for name in names}

    def holds_any(self, names):
        """Whether one of these files of the node is here."""
        return any(os.path.lexists(self._file(name)) for name in names)

    def supply(self, cache, files):
        """Put here what minikube takes from here at a start."""
        for name in CACHED if cache else ():
            self._link(os.path.join(cache, name), os.path.join(self.path, "cache", name))
        for name, content in files.items():
            if _read(self._file(name)) != content:
                os.makedirs(os.path.dirname(self._file(name)), mode=0o755, exist_ok=True)
                _write(self._file(name), content)

    def goes_with(self, profile):
        """Whether it was made here, and this profile, which may be gone, is its last."""
        profiles = os.path.join(self.path, "profiles")
        others = set(os.listdir(profiles)) - {profile} if os.path.isdir(profiles) else ()
        return os.path.exists(os.path.join(self.path, MARK)) and not others

    def clean(self, profile, names):
        """Remove it where it goes with the profile, else the files of the node."""
        if self.goes_with(profile):
            shutil.rmtree(self.path)
            return
        for path in map(self._file, names):
            if os.path.lexists(path):
                os.unlink(path)

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
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        beside = path + ".new"
        if os.path.lexists(beside):
            os.unlink(beside)
        os.symlink(source, beside)
        os.replace(beside, path)


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
