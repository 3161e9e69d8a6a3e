# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that users name. A device or a file of any size must not fill this machine's memory."""

from __future__ import annotations

from pathlib import Path

MOST_BYTES = 4 * 1024 * 1024


def read(path: str | None) -> str | None:
    """The text of a file; None for what is no regular file, is too large, cannot be read, or is no UTF-8."""
    if path is None or not Path(path).is_file():
        return None
    try:
        with open(path, "rb") as file:
            content = file.read(MOST_BYTES + 1)
        return content.decode("utf-8") if len(content) <= MOST_BYTES else None
    except (OSError, UnicodeDecodeError):
        return None
