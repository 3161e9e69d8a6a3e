# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source of Python modules that run in pods. Private to the collection."""

from __future__ import annotations

import types
from importlib.util import decode_source


def source_of(module: types.ModuleType) -> str:
    """The source of a module that was imported from a folder, an archive, or by Ansible's own loader, which returns bytes."""
    source = module.__spec__.loader.get_source(module.__name__)
    return source if isinstance(source, str) else decode_source(source)
