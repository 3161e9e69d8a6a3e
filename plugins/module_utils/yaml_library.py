# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PyYAML with its fastest loader, as far as they are installed. Private to the collection."""

from __future__ import annotations

try:
    import yaml
except ImportError:  # connected_client and helm_charts report it
    yaml = None

LOADER = getattr(yaml, "CSafeLoader", None) or getattr(yaml, "SafeLoader", None)
