# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder with the keys of a kubeconfig, as long as a connection lasts. Private to the collection."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path


class KeyFiles:
    """A folder that is there within a with statement, and the same one with the same files at the next.

    The Kubernetes client writes keys that a kubeconfig contains into files, since TLS wants files. It never writes the same key
    twice in one process: it takes the file it wrote before to be still there.
    """

    def __init__(self) -> None:
        self._path: str | None = None
        self._kept: dict[str, bytes] = {}
        self._users = 0

    def __enter__(self) -> str:
        if self._path is None:
            self._path = tempfile.mkdtemp(prefix="runtime-security-")
        elif not self._users:
            os.mkdir(self._path, 0o700)
        for name, content in self._kept.items() if not self._users else ():
            with open(os.open(Path(self._path, name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
        self._users += 1
        return self._path

    def __exit__(self, *_error: object) -> None:
        self._users -= 1
        if self._users:
            return
        self._kept = {path.name: path.read_bytes() for path in Path(self._path).iterdir()}
        shutil.rmtree(self._path)


# That of this process.
KEY_FILES = KeyFiles()
