# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pipeline as the tests of all hops have it."""

from __future__ import annotations

from live.hops.conftest import cluster, image, secured

__all__ = ["cluster", "image", "secured"]
